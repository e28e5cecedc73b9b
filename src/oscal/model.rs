//! The parts of OSCAL that we read and write. What we do not know is left alone.
use serde::{Deserialize, Serialize};

macro_rules! model {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $kind:ty $(= $rule:literal)?,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case", default)]
        pub struct $name { $($(#[serde(skip_serializing_if = $rule)])? pub $field: $kind,)* }
    )*};
}

model! {
    /// A file that holds a catalog.
    CatalogDocument { catalog: Catalog, }
    Catalog {
        uuid: String,
        metadata: Metadata,
        params: Vec<Param> = "Vec::is_empty",
        groups: Vec<Group> = "Vec::is_empty",
        controls: Vec<Control> = "Vec::is_empty",
        back_matter: Option<BackMatter> = "Option::is_none",
    }
    Metadata {
        title: String,
        published: Option<String> = "Option::is_none",
        last_modified: String,
        version: String,
        oscal_version: String,
        props: Vec<Prop> = "Vec::is_empty",
        links: Vec<Link> = "Vec::is_empty",
        roles: Vec<Role> = "Vec::is_empty",
        parties: Vec<Party> = "Vec::is_empty",
        responsible_parties: Vec<ResponsibleParty> = "Vec::is_empty",
        remarks: Option<String> = "Option::is_none",
    }
    Role { id: String, title: String, }
    Party { uuid: String, r#type: String, name: String, }
    ResponsibleParty { role_id: String, party_uuids: Vec<String>, }
    Group {
        id: Option<String> = "Option::is_none",
        class: Option<String> = "Option::is_none",
        title: String,
        params: Vec<Param> = "Vec::is_empty",
        props: Vec<Prop> = "Vec::is_empty",
        links: Vec<Link> = "Vec::is_empty",
        parts: Vec<Part> = "Vec::is_empty",
        groups: Vec<Group> = "Vec::is_empty",
        controls: Vec<Control> = "Vec::is_empty",
    }
    Control {
        id: String,
        class: Option<String> = "Option::is_none",
        title: String,
        params: Vec<Param> = "Vec::is_empty",
        props: Vec<Prop> = "Vec::is_empty",
        links: Vec<Link> = "Vec::is_empty",
        parts: Vec<Part> = "Vec::is_empty",
        controls: Vec<Control> = "Vec::is_empty",
    }
    /// What is left to whoever uses the catalog to decide, or decided already.
    Param {
        id: String,
        label: Option<String> = "Option::is_none",
        values: Vec<String> = "Vec::is_empty",
        select: Option<Select> = "Option::is_none",
    }
    Select { choice: Vec<String> = "Vec::is_empty", }
    Part {
        id: Option<String> = "Option::is_none",
        name: String,
        ns: Option<String> = "Option::is_none",
        class: Option<String> = "Option::is_none",
        title: Option<String> = "Option::is_none",
        props: Vec<Prop> = "Vec::is_empty",
        prose: Option<String> = "Option::is_none",
        parts: Vec<Part> = "Vec::is_empty",
        links: Vec<Link> = "Vec::is_empty",
    }
    Prop {
        name: String,
        ns: Option<String> = "Option::is_none",
        value: String,
        class: Option<String> = "Option::is_none",
    }
    Link {
        href: String,
        rel: Option<String> = "Option::is_none",
        text: Option<String> = "Option::is_none",
    }
    BackMatter { resources: Vec<Resource> = "Vec::is_empty", }
    Resource {
        uuid: String,
        title: Option<String> = "Option::is_none",
        props: Vec<Prop> = "Vec::is_empty",
        rlinks: Vec<Rlink> = "Vec::is_empty",
    }
    Rlink { href: String, media_type: Option<String> = "Option::is_none", }

    /// A file that holds a profile: which controls of which catalog.
    ProfileDocument { profile: Profile, }
    Profile { uuid: String, metadata: Metadata, imports: Vec<Import>, merge: Merge, back_matter: Option<BackMatter> = "Option::is_none", }
    Import { href: String, include_controls: Vec<Selection>, }
    Selection { with_ids: Vec<String>, }
    Merge { as_is: bool, }

    /// A file that holds mappings between catalogs.
    MappingDocument { mapping_collection: MappingCollection, }
    MappingCollection {
        uuid: String,
        metadata: Metadata,
        provenance: Provenance,
        mappings: Vec<Mapping>,
        back_matter: Option<BackMatter> = "Option::is_none",
    }
    Provenance { method: String, matching_rationale: String, status: String, mapping_description: String, }
    Mapping {
        uuid: String,
        status: String,
        source_resource: ResourceRef,
        target_resource: ResourceRef,
        maps: Vec<Map>,
    }
    ResourceRef { r#type: String, href: String, }
    Map {
        uuid: String,
        relationship: String,
        sources: Vec<MapItem>,
        targets: Vec<MapItem>,
        props: Vec<Prop> = "Vec::is_empty",
        remarks: Option<String> = "Option::is_none",
    }
    MapItem { r#type: String, id_ref: String, }
}

impl Prop {
    /// Whether it is ours, with this name.
    pub fn is_own(&self, name: &str) -> bool {
        self.name == name && self.ns.as_deref() == Some(super::NS)
    }
}
