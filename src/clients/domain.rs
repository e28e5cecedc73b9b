//! What is known of a client company.
use crate::audited;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A company that a provider looks after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub id: String,
    pub external_id: Option<String>,
    pub name: String,
    pub industry: Option<String>,
    pub employees: Option<i32>,
    pub prefecture: Option<String>,
    pub profile: Profile,
    pub contracts: Contracts,
    pub revision: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

audited! {
    Client as "client", |client| (client.id, Some(client.id.clone()));
    words: revision = client.revision;
    veiled: external_id, name, industry, employees, prefecture, profile, contracts;
    left: id, created_at, updated_at;
}

/// What a provider tells of a new client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "name": "株式会社サンプル製作所", "external_id": "crm-0042", "industry": "E", "employees": 45, "prefecture": "23",
    "profile": {"telework_methods": ["vpn"], "workplaces": ["home"], "cloud_services": true, "website": true, "personal_data": true},
    "contracts": {"otasuketai": {"subscribed": true, "provider": "お助け隊サンプル"}, "lawyer": {"retained": false}}
}))]
pub struct NewClient {
    #[schema(min_length = 1, max_length = 200, pattern = r"^$|\S")]
    pub name: String,
    /// The provider's own name for the client; unique in the tenant.
    #[schema(min_length = 1, max_length = 200)]
    pub external_id: Option<String>,
    /// Major division of the Japan Standard Industrial Classification, `A` to `T`.
    #[schema(pattern = "^[A-T]$")]
    pub industry: Option<String>,
    /// Number of people who work there.
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub employees: Option<i32>,
    /// JIS X 0401, `01` to `47`.
    #[schema(pattern = "^(0[1-9]|[1-3][0-9]|4[0-7])$")]
    pub prefecture: Option<String>,
    pub profile: Option<Profile>,
    pub contracts: Option<Contracts>,
}

/// How the company works: it says which controls apply. What is not known is null.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = ClientProfile)]
pub struct Profile {
    /// Telework methods in use: `vpn`, `remote-desktop`, `standalone`, `cloud`. Empty means no
    /// telework; null means not known.
    #[schema(max_items = 4, pattern = "^(vpn|remote-desktop|standalone|cloud)$")]
    pub telework_methods: Option<Vec<String>>,
    /// Places of work outside the office: `home`, `mobile`, `satellite`.
    #[schema(max_items = 3, pattern = "^(home|mobile|satellite)$")]
    pub workplaces: Option<Vec<String>>,
    /// People use devices of their own for work.
    pub byod: Option<bool>,
    pub cloud_services: Option<bool>,
    pub website: Option<bool>,
    pub wireless_lan: Option<bool>,
    /// Work with information is given to other companies.
    pub outsourcing: Option<bool>,
    pub personal_data: Option<bool>,
    /// The company has published a basic policy on information security.
    pub basic_policy_published: Option<bool>,
}

/// With whom the company has contracts that matter in an incident, in the words of the routing
/// facts. What is not known is null.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = ClientContracts)]
pub struct Contracts {
    pub otasuketai: Option<Otasuketai>,
    pub cyber_insurance: Option<CyberInsurance>,
    pub lawyer: Option<Lawyer>,
    pub forensics: Option<Forensics>,
    pub card: Option<Card>,
    pub bank: Option<Bank>,
    #[schema(max_items = 50)]
    pub maintenance_vendors: Vec<MaintenanceVendor>,
    #[schema(max_items = 50)]
    pub customer_notice: Vec<CustomerNotice>,
}

/// The contract with an お助け隊 provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = OtasuketaiContract)]
pub struct Otasuketai {
    pub subscribed: bool,
    #[schema(max_length = 200)]
    pub provider: Option<String>,
}

/// The cyber insurance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = CyberInsuranceContract)]
pub struct CyberInsurance {
    pub enrolled: bool,
    #[schema(max_length = 200)]
    pub insurer: Option<String>,
    /// Days within which the policy wants to be told.
    #[schema(minimum = 0, maximum = 365)]
    pub notice_days: Option<i32>,
    /// Costs are covered only when agreed before.
    pub prior_consent_required: Option<bool>,
}

/// The company's lawyer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = LawyerContract)]
pub struct Lawyer {
    pub retained: bool,
    #[schema(max_length = 200)]
    pub name: Option<String>,
}

/// A forensics firm on call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = ForensicsContract)]
pub struct Forensics {
    pub retained: bool,
    #[schema(max_length = 200)]
    pub firm: Option<String>,
}

/// The card acquirer or payment service provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = CardContract)]
pub struct Card {
    #[schema(max_length = 200)]
    pub acquirer: Option<String>,
}

/// The bank for online banking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = BankContract)]
pub struct Bank {
    #[schema(max_length = 200)]
    pub name: Option<String>,
}

/// Who maintains what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceVendor {
    #[schema(min_length = 1, max_length = 200)]
    pub vendor: String,
    /// Names of the systems it maintains.
    #[serde(default)]
    #[schema(max_items = 50, max_length = 200)]
    pub systems: Vec<String>,
}

/// A contract that asks to tell the other side of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerNotice {
    #[schema(min_length = 1, max_length = 200)]
    pub counterparty: String,
    #[schema(minimum = 0, maximum = 8760)]
    pub notice_hours: Option<i32>,
    #[schema(minimum = 0, maximum = 365)]
    pub notice_days: Option<i32>,
}

impl NewClient {
    pub fn into_client(self, id: String, now: DateTime<Utc>) -> Client {
        let Self { name, external_id, industry, employees, prefecture, profile, contracts } = self;
        Client {
            id,
            external_id,
            name,
            industry,
            employees,
            prefecture,
            profile: profile.unwrap_or_default(),
            contracts: contracts.unwrap_or_default(),
            revision: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

impl From<Client> for NewClient {
    /// What somebody would have sent to make the client as it is.
    fn from(client: Client) -> Self {
        let Client { name, external_id, industry, employees, prefecture, profile, contracts, .. } = client;
        Self {
            name,
            external_id,
            industry,
            employees,
            prefecture,
            profile: Some(profile),
            contracts: Some(contracts),
        }
    }
}

impl Client {
    /// The next revision, which says what `said` says.
    pub fn changed(self, said: NewClient, now: DateTime<Utc>) -> Self {
        let Self { id, revision, created_at, .. } = self;
        Self { revision: revision + 1, created_at, ..said.into_client(id, now) }
    }
}
