//! Reading JSON merge patches (RFC 7396): what is left out stays, what is null goes away.
use super::values::without_nulls;
use super::{Schemas, collected, essence, refuse, typed};
use crate::db::StoreError;
use crate::document::patch_of;
use crate::problem::{Fault, Problem, kinds};
use crate::text::LocalizedText;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, dev};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use utoipa::ToSchema;

/// A merge patch to what somebody would have sent as a `T`. The document has it as the patch form of
/// `T`, in which nothing is required.
#[derive(Debug, Clone)]
pub struct Patch<T> {
    patch: Value,
    schemas: Data<Schemas>,
    of: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned + Serialize + ToSchema> Patch<T> {
    /// What `current` becomes by the patch, or everything that would then be wrong with it.
    pub fn onto(&self, current: &T) -> Result<T, Problem> {
        let mut value = serde_json::to_value(current).map_err(|error| StoreError::Broken(error.into()))?;
        json_patch::merge(&mut value, &self.patch);
        // A list replaced another whole: what it holds is new, and there null is what is left out.
        without_nulls(&mut value);
        let mut faults = self.schemas.faults::<T>(&value)?;
        faults.extend(self.schemas.unknown(&patch_of(&T::name()), &self.patch)?);
        refuse(faults)?;
        typed(value)
    }
}

impl<T: 'static> FromRequest for Patch<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let essence = essence(request);
        let kinds = ["application/merge-patch+json", "application/json"];
        let is_patch = kinds.iter().any(|kind| essence.eq_ignore_ascii_case(kind));
        let arriving = collected(request, payload, |limits| limits.max_body_bytes);
        Box::pin(async move {
            if !is_patch {
                return Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE));
            }
            let (schemas, bytes) = arriving.await?;
            let patch = schemas.parse(&bytes)?;
            if !patch.is_object() {
                // A patch that is no object would replace the whole.
                let rule = LocalizedText::new("オブジェクトにしてください", "must be an object");
                return Err(Problem::invalid(vec![Fault::new("", "type", rule)]));
            }
            Ok(Self { patch, schemas, of: PhantomData })
        })
    }
}
