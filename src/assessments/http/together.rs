//! Several assessments made in one go, with few statements for all.
use super::super::domain::Assessment;
use super::super::store;
use super::create::created;
use super::making::{Making, unknown_client};
use crate::audit;
use crate::caller::{Author, Tenant};
use crate::clients::{self, Known};
use crate::db::{AnyConnection, StoreError};
use crate::idempotency::{Created, Idempotency, once, once_all};
use crate::problem::Problem;
use crate::questionnaires::Questionnaires;
use actix_web::web::Data;
use std::collections::HashMap;

/// A call that makes one, with all that it needs.
pub struct Call {
    pub tenant: Tenant,
    pub idempotency: Idempotency,
    pub said: String,
    pub making: Making,
    pub questionnaires: Data<Questionnaires>,
}

impl Call {
    fn alone(&self, conn: &mut AnyConnection) -> Result<Created, Problem> {
        let Self { tenant, idempotency, said, making, questionnaires } = self;
        once(conn, tenant, idempotency, said, |conn| {
            let (assessment, replayed) = making.make(conn, tenant, questionnaires)?;
            created(assessment, replayed)
        })
    }
}

/// What came of each call; all are of one tenant.
pub fn create(conn: &mut AnyConnection, calls: &[&Call]) -> Result<Vec<Result<Created, Problem>>, Problem> {
    if let [call] = calls {
        return Ok(vec![call.alone(conn)]);
    }
    let asked: Vec<_> =
        calls.iter().map(|call| (&call.tenant, &call.idempotency, call.said.as_str())).collect();
    once_all(conn, &asked, |conn, open| {
        let makings: Vec<_> = open.iter().map(|at| (&calls[*at].tenant, &calls[*at].making)).collect();
        let shipped = &calls[0].questionnaires;
        let made = make_all(conn, &makings, shipped)?;
        let tell = |made: Option<Result<Assessment, Problem>>| match made {
            Some(Ok(assessment)) => created(assessment, false).map(Ok),
            Some(Err(refused)) => Ok(Err(refused)),
            None => Ok(Err(StoreError::Contended("it is done by itself".into()).into())),
        };
        made.into_iter().map(tell).collect()
    })
}

/// Stores those that need nothing but their client and that nothing is in the way of. Of each what came of
/// it; nothing where one has to look closer, with `Making::make`.
pub fn make_all(
    conn: &mut AnyConnection,
    asked: &[(&Tenant, &Making)],
    shipped: &Questionnaires,
) -> Result<Vec<Option<Result<Assessment, Problem>>>, Problem> {
    let Some((tenant, _)) = asked.first() else { return Ok(vec![]) };
    let plain = |making: &Making| making.is_plain(shipped);
    let clients = Clients::of(conn, tenant, asked.iter().map(|(_, making)| *making))?;
    let mut made: Vec<Option<Result<Assessment, Problem>>> = asked
        .iter()
        .map(|(_, making)| plain(making).then(|| making.assessment(clients.id_of(making)?, &[])))
        .collect();
    let ready: Vec<usize> = (0..made.len()).filter(|at| matches!(made[*at], Some(Ok(_)))).collect();
    let assessments: Vec<&Assessment> =
        ready.iter().filter_map(|at| made[*at].as_ref()?.as_ref().ok()).collect();
    let added = store::add_all(conn, tenant, &assessments)?;
    let stored: Vec<(&Author, &Assessment)> = ready
        .iter()
        .zip(&assessments)
        .zip(&added)
        .filter(|(_, added)| **added)
        .map(|((at, assessment), _)| (asked[*at].0.author(), *assessment))
        .collect();
    let (_, new): (Vec<_>, Vec<_>) = stored.iter().copied().unzip();
    store::events::begin_submitted(conn, tenant, &new)?;
    audit::created_all(conn, tenant, &stored)?;
    for (at, added) in ready.into_iter().zip(added) {
        if !added {
            made[at] = None;
        }
    }
    Ok(made)
}

/// The clients that several assessments are of.
struct Clients {
    by_id: HashMap<String, String>,
    by_name: HashMap<String, String>,
}

impl Clients {
    fn of<'a>(
        conn: &mut AnyConnection,
        tenant: &Tenant,
        makings: impl Iterator<Item = &'a Making>,
    ) -> Result<Self, StoreError> {
        let (ids, names): (Vec<_>, Vec<_>) = makings.map(Making::client).unzip();
        let all = |named: Vec<Option<&'a str>>| {
            let mut wanted: Vec<&str> = named.into_iter().flatten().collect();
            wanted.sort_unstable();
            wanted.dedup();
            wanted
        };
        let known = clients::known(conn, tenant, &all(ids), &all(names))?;
        let called = |known: &Known| Some((known.external_id.clone()?, known.id.clone()));
        let by_name = known.iter().filter_map(called).collect();
        Ok(Self { by_id: known.into_iter().map(|known| (known.id.clone(), known.id)).collect(), by_name })
    }

    fn id_of(&self, making: &Making) -> Result<String, Problem> {
        let (found, pointer) = match making.client() {
            (Some(id), _) => (self.by_id.get(id), "/client_id"),
            (None, name) => (name.and_then(|name| self.by_name.get(name)), "/client_external_id"),
        };
        found.cloned().ok_or_else(|| unknown_client(pointer))
    }
}
