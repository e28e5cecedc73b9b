//! Rows of the tables, and what they are as values.
use super::super::domain::{Detail, Effect, Entry, Event, Named};
use super::super::head::{Head, Signed};
use crate::caller::Author;
use crate::db::{AnyConnection, StoreError};
use crate::insert_rows;
use crate::schema::{audit_events, audit_heads, audit_inbox};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

pub fn add_to_inbox(conn: &mut AnyConnection, rows: Vec<InboxRow>) -> Result<(), StoreError> {
    insert_rows!(
        conn,
        audit_inbox,
        rows.into_iter(),
        InboxRow {
            tenant,
            id,
            at,
            subject,
            account,
            action,
            effect,
            resource,
            resource_id,
            client_id,
            address,
            request_id,
            detail,
        }
    );
    Ok(())
}

pub fn add_events(conn: &mut AnyConnection, rows: Vec<EventRow>) -> Result<(), StoreError> {
    insert_rows!(
        conn,
        audit_events,
        rows.into_iter(),
        EventRow {
            tenant,
            sequence,
            id,
            at,
            subject,
            account,
            action,
            effect,
            resource,
            resource_id,
            client_id,
            address,
            request_id,
            detail,
            hash,
        }
    );
    Ok(())
}

#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_inbox)]
pub struct InboxRow {
    pub tenant: String,
    pub id: String,
    at: NaiveDateTime,
    subject: String,
    account: Option<String>,
    action: String,
    effect: String,
    resource: String,
    resource_id: String,
    client_id: Option<String>,
    address: String,
    request_id: String,
    detail: String,
}

impl InboxRow {
    pub fn of(
        (tenant, author): (&str, &Author),
        effect: Effect,
        named: Named,
        detail: &Detail,
        id: String,
        at: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let Author { subject, account, action, address, request_id } = author.clone();
        let Named { resource, id: resource_id, client: client_id } = named;
        Ok(Self {
            tenant: tenant.to_owned(),
            id,
            at: at.naive_utc(),
            subject,
            account,
            action,
            effect: effect.as_str().to_owned(),
            resource: resource.to_owned(),
            resource_id,
            client_id,
            address,
            request_id,
            detail: serde_json::to_string(detail).map_err(|error| StoreError::Broken(error.into()))?,
        })
    }

    pub fn entry(&self) -> Entry {
        let Self {
            tenant: _,
            id,
            at,
            subject,
            account,
            action,
            effect,
            resource,
            resource_id,
            client_id,
            address,
            request_id,
            detail,
        } = self.clone();
        let at = at.and_utc();
        Entry {
            id,
            at,
            subject,
            account,
            action,
            effect,
            resource,
            resource_id,
            client_id,
            address,
            request_id,
            detail,
        }
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_events)]
pub struct EventRow {
    tenant: String,
    sequence: i64,
    id: String,
    at: NaiveDateTime,
    subject: String,
    account: Option<String>,
    action: String,
    effect: String,
    resource: String,
    resource_id: String,
    client_id: Option<String>,
    address: String,
    request_id: String,
    detail: String,
    hash: String,
}

impl EventRow {
    pub fn of(tenant: &str, event: Event) -> Self {
        let Event { sequence, entry, hash } = event;
        let Entry {
            id,
            at,
            subject,
            account,
            action,
            effect,
            resource,
            resource_id,
            client_id,
            address,
            request_id,
            detail,
        } = entry;
        Self {
            tenant: tenant.to_owned(),
            sequence,
            id,
            at: at.naive_utc(),
            subject,
            account,
            action,
            effect,
            resource,
            resource_id,
            client_id,
            address,
            request_id,
            detail,
            hash,
        }
    }

    pub fn read(self) -> Event {
        Event {
            sequence: self.sequence,
            entry: Entry {
                id: self.id,
                at: self.at.and_utc(),
                subject: self.subject,
                account: self.account,
                action: self.action,
                effect: self.effect,
                resource: self.resource,
                resource_id: self.resource_id,
                client_id: self.client_id,
                address: self.address,
                request_id: self.request_id,
                detail: self.detail,
            },
            hash: self.hash,
        }
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_heads)]
pub struct HeadRow {
    tenant: String,
    sequence: i64,
    hash: String,
    base: i64,
    base_hash: String,
    at: NaiveDateTime,
    key_id: String,
    signature: String,
}

impl HeadRow {
    pub fn of(signed: Signed) -> Self {
        let Signed { head: Head { tenant, sequence, hash, base, base_hash, at }, key_id, signature } =
            signed;
        Self { tenant, sequence, hash, base, base_hash, at: at.naive_utc(), key_id, signature }
    }

    pub fn read(self) -> Signed {
        let Self { tenant, sequence, hash, base, base_hash, at, key_id, signature } = self;
        let head = Head { tenant, sequence, hash, base, base_hash, at: at.and_utc() };
        Signed { head, key_id, signature }
    }
}
