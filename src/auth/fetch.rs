//! Fetching the keys of another issuer: over TLS, from where its operator said and nowhere else, within five
//! seconds and 64 KiB.
use crate::jwk::PublicJwk;
use crate::network::Network;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

const PATIENCE: Duration = Duration::from_secs(5);
const MOST_BYTES: u64 = 64 * 1024;

/// Why there are no keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    #[error("it answers {0}")]
    Status(u16),
    #[error("its answer is no JSON")]
    Kind,
    #[error("its answer is no list of keys")]
    Form,
    #[error("it cannot be reached, or is too slow or too long: {0}")]
    Call(String),
}

/// Where a fetch may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// Addresses that are not of the open network may be asked, and loopback without TLS.
    pub private_addresses: bool,
}

/// Addresses that are nobody's on the open network, or stand for such: a URL that leads there leads into ours.
const PRIVATE: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
    "::/8",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "fc00::/7",
    "ff00::/8",
];

/// Where machines in a cloud ask who they are. No issuer of keys is there, whatever is allowed.
const NEVER: &[&str] =
    &["100.100.100.200", "168.63.129.16", "169.254.0.0/16", "fd00:ec2::254", "fe80::/10"];

fn among(address: IpAddr, networks: &[&str]) -> bool {
    networks.iter().any(|text| text.parse::<Network>().is_ok_and(|network| network.contains(address)))
}

impl Guard {
    fn opens(self, address: IpAddr) -> bool {
        !among(address, NEVER) && (self.private_addresses || !among(address, PRIVATE))
    }

    /// Whether this is a URL to fetch keys from. A name is looked at again when it is resolved.
    pub fn admits(self, url: &str) -> Result<(), &'static str> {
        let uri: Uri = url.parse().map_err(|_| "is no URL")?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or("names no host")?;
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err("must not hold a password");
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let literal: Option<IpAddr> = bare.parse().ok();
        if literal.is_some_and(|address| !self.opens(address)) {
            return Err("leads to a private address; `private_addresses: true` allows those");
        }
        let loopback = literal.is_some_and(|address| address.is_loopback());
        match uri.scheme_str() {
            Some("https") => Ok(()),
            Some("http") if loopback && self.private_addresses => Ok(()),
            _ => Err("must begin with https://"),
        }
    }
}

/// Looks names up, and leaves out where they must not lead: after this the connection goes nowhere else, so a
/// name that changes in between changes nothing.
#[derive(Debug)]
struct Guarded {
    names: DefaultResolver,
    guard: Guard,
}

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.names.resolve(uri, config, timeout)?;
        let mut open = self.empty();
        for address in found.iter().filter(|address: &&SocketAddr| self.guard.opens(address.ip())) {
            open.push(*address);
        }
        if open.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(open) }
    }
}

/// Asks one issuer.
#[derive(Debug)]
pub struct Fetcher {
    url: String,
    agent: ureq::Agent,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

impl Fetcher {
    pub fn new(url: &str, guard: Guard, roots: &[Certificate<'static>]) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(roots))
            .unversioned_rustls_crypto_provider(provider)
            .build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            // A proxy would be asked for addresses that we do not see.
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .max_response_header_size(16 * 1024)
            .max_idle_connections(0)
            .accept("application/json, application/jwk-set+json")
            .build();
        let names = Guarded { names: DefaultResolver::default(), guard };
        let agent = ureq::Agent::with_parts(config, DefaultConnector::default(), names);
        Self { url: url.to_owned(), agent }
    }

    /// Asks for the keys; it blocks.
    pub fn keys(&self) -> Result<Vec<PublicJwk>, Failed> {
        let call = |error: ureq::Error| Failed::Call(error.to_string());
        let mut answer = self.agent.get(&self.url).call().map_err(call)?;
        let status = answer.status().as_u16();
        if status != 200 {
            return Err(Failed::Status(status));
        }
        let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        let essence = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let json = ["application/json", "application/jwk-set+json"];
        if !json.iter().any(|json| essence.eq_ignore_ascii_case(json)) {
            return Err(Failed::Kind);
        }
        let bytes = answer.body_mut().with_config().limit(MOST_BYTES).read_to_vec().map_err(call)?;
        let set: Set = serde_json::from_slice(&bytes).map_err(|_| Failed::Form)?;
        // A key of a kind that we do not know is none of ours to judge.
        Ok(set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Guard;

    #[test]
    fn a_fetch_leads_to_the_open_network_over_tls() {
        let (open, inner) = (Guard { private_addresses: false }, Guard { private_addresses: true });
        for (url, from_outside, from_inside) in [
            ("https://login.example.org/keys", true, true),
            ("https://login.example.org:8443/keys", true, true),
            ("https://8.8.8.8/keys", true, true),
            ("https://10.0.0.1/keys", false, true),
            ("https://[fd00::1]/keys", false, true),
            ("https://[::ffff:10.0.0.1]/keys", false, true),
            ("https://100.64.0.1/keys", false, true),
            ("https://127.0.0.1/keys", false, true),
            ("http://127.0.0.1:8081/keys", false, true),
            ("http://[::1]:8081/keys", false, true),
            ("http://10.0.0.1/keys", false, false),
            ("http://login.example.org/keys", false, false),
            ("https://169.254.169.254/latest", false, false),
            ("https://[fe80::1]/keys", false, false),
            ("https://100.100.100.200/latest", false, false),
            ("https://168.63.129.16/", false, false),
            ("https://[fd00:ec2::254]/latest", false, false),
            ("https://[::ffff:168.63.129.16]/", false, false),
            ("https://user:secret@login.example.org/", false, false),
            ("ftp://login.example.org/keys", false, false),
            ("file:///etc/passwd", false, false),
            ("/keys", false, false),
            ("", false, false),
        ] {
            let admitted = (open.admits(url).is_ok(), inner.admits(url).is_ok());
            assert_eq!(admitted, (from_outside, from_inside), "{url}");
        }
        for (address, opens) in [
            ("8.8.8.8", true),
            ("2606:4700::1111", true),
            ("0.0.0.0", false),
            ("::", false),
            ("::1", false),
            ("64:ff9b::a00:1", false),
            ("64:ff9b:1::a00:1", false),
            ("168.63.129.17", true),
            ("2002:a00:1::", false),
            ("::ffff:127.0.0.1", false),
            ("255.255.255.255", false),
            ("224.0.0.1", false),
        ] {
            assert_eq!(open.opens(address.parse().unwrap()), opens, "{address}");
        }
        assert!(!inner.opens("::ffff:169.254.169.254".parse().unwrap()));
    }
}
