//! The tables as Diesel knows them; a test compares them with the real columns.
diesel::table! {
    tenants (slug) {
        slug -> Text,
        name -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    signing_keys (slot) {
        slot -> Text,
        kid -> Text,
        pkcs8 -> Text,
        created_at -> Timestamp,
        signs_from -> Nullable<Timestamp>,
        checks_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    clients (tenant, id) {
        tenant -> Text,
        id -> Text,
        external_id -> Nullable<Text>,
        name -> Text,
        industry -> Nullable<Text>,
        employees -> Nullable<Integer>,
        prefecture -> Nullable<Text>,
        profile -> Text,
        contracts -> Text,
        revision -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    assessments (tenant, id) {
        tenant -> Text,
        id -> Text,
        client_id -> Text,
        questionnaire -> Text,
        external_id -> Nullable<Text>,
        state -> Text,
        answers -> Text,
        fingerprint -> Text,
        carried_from -> Nullable<Text>,
        revision -> Integer,
        created_by -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        submitted_at -> Nullable<Timestamp>,
        submitted_by -> Nullable<Text>,
        review -> Nullable<Text>,
    }
}

diesel::table! {
    assessment_events (tenant, assessment_id, sequence) {
        tenant -> Text,
        assessment_id -> Text,
        sequence -> Integer,
        kind -> Text,
        detail -> Text,
        made_by -> Text,
        made_at -> Timestamp,
    }
}

diesel::table! {
    assessment_responses (tenant, id) {
        tenant -> Text,
        id -> Text,
        assessment_id -> Text,
        respondent -> Text,
        answers -> Text,
        revision -> Integer,
        created_by -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    idempotency_keys (tenant, route, key) {
        tenant -> Text,
        route -> Text,
        key -> Text,
        fingerprint -> Text,
        location -> Text,
        body -> Text,
        created_at -> Timestamp,
        place -> Text,
    }
}

diesel::table! {
    own_guidelines (tenant, guideline, edition) {
        tenant -> Text,
        guideline -> Text,
        edition -> Text,
        summary -> Text,
        catalog -> Text,
        fingerprint -> Text,
        created_by -> Text,
        created_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    incidents (tenant, id) {
        tenant -> Text,
        id -> Text,
        client_id -> Text,
        external_id -> Nullable<Text>,
        title -> Text,
        facts -> Text,
        revision -> Integer,
        created_by -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    incident_events (tenant, incident_id, id) {
        tenant -> Text,
        incident_id -> Text,
        id -> Text,
        client_id -> Text,
        at -> Timestamp,
        subject -> Text,
        what -> Text,
    }
}

diesel::table! {
    incident_referrals (tenant, incident_id, id) {
        tenant -> Text,
        incident_id -> Text,
        id -> Text,
        client_id -> Text,
        contact -> Text,
        action -> Nullable<Text>,
        party -> Nullable<Text>,
        state -> Text,
        note -> Nullable<Text>,
        outcome -> Nullable<Text>,
        revision -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    own_contacts (tenant, id) {
        tenant -> Text,
        id -> Text,
        said -> Text,
        shipped -> Nullable<Text>,
        revision -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    service_accounts (tenant, id) {
        tenant -> Text,
        id -> Text,
        name -> Text,
        scopes -> Text,
        client_id -> Nullable<Text>,
        expires_at -> Nullable<Timestamp>,
        addresses -> Text,
        disabled -> Integer,
        secrets -> Text,
        public_keys -> Text,
        revision -> Integer,
        created_by -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    audit_inbox (tenant, id) {
        tenant -> Text,
        id -> Text,
        at -> Timestamp,
        subject -> Text,
        account -> Nullable<Text>,
        action -> Text,
        effect -> Text,
        resource -> Text,
        resource_id -> Text,
        client_id -> Nullable<Text>,
        address -> Text,
        request_id -> Text,
        detail -> Text,
    }
}

diesel::table! {
    used_assertions (tenant, account_id, jti) {
        tenant -> Text,
        account_id -> Text,
        jti -> Text,
        until -> Timestamp,
    }
}

diesel::table! {
    assessment_links (tenant, id) {
        tenant -> Text,
        id -> Text,
        assessment_id -> Text,
        client_id -> Text,
        respondent -> Text,
        secret -> Text,
        created_by -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    audit_events (tenant, sequence) {
        tenant -> Text,
        sequence -> BigInt,
        id -> Text,
        at -> Timestamp,
        subject -> Text,
        account -> Nullable<Text>,
        action -> Text,
        effect -> Text,
        resource -> Text,
        resource_id -> Text,
        client_id -> Nullable<Text>,
        address -> Text,
        request_id -> Text,
        detail -> Text,
        hash -> Text,
    }
}

diesel::table! {
    audit_heads (tenant, sequence) {
        tenant -> Text,
        sequence -> BigInt,
        hash -> Text,
        base -> BigInt,
        base_hash -> Text,
        at -> Timestamp,
        key_id -> Text,
        signature -> Text,
    }
}

diesel::table! {
    audit_keys (slot) {
        slot -> Text,
        key_id -> Text,
        pkcs8 -> Text,
        created_at -> Timestamp,
    }
}
