//! Calls that share a transaction, because they came while others held every lane.
use super::{Answer, Engine, Service};
use actix_web::rt::System;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};
use tasuke::db::{Bounds, StoreError};

/// What came of these calls that write, all of which waited when the first of them was begun.
pub fn gathered(
    service: &Service,
    engine: Engine,
    calls: usize,
    call: impl Fn(usize) -> Answer + Sync,
) -> Vec<Answer> {
    let lanes = match engine {
        Engine::Sqlite => 1,
        Engine::Postgres => usize::try_from(Bounds::DEFAULT.lanes).unwrap(),
    };
    let go = Arc::new(Barrier::new(lanes + 1));
    std::thread::scope(|scope| {
        // While every lane is busy, one after the other, the calls gather.
        for _ in 0..lanes {
            let (db, go, begun) = (service.db.clone(), Arc::clone(&go), Arc::new(Barrier::new(2)));
            let is_begun = Arc::clone(&begun);
            scope.spawn(move || {
                let held = db.write(move |_| {
                    begun.wait();
                    go.wait();
                    Ok::<_, StoreError>(())
                });
                System::new().block_on(held).unwrap();
            });
            is_begun.wait();
        }
        let call = &call;
        let calls: Vec<_> = (0..calls).map(|n| scope.spawn(move || call(n))).collect();
        // On a machine that is too busy some give up waiting, and the answers tell it.
        let patience = Instant::now() + Duration::from_secs(10);
        while service.db.load().queued < lanes + calls.len() && Instant::now() < patience {
            std::thread::yield_now();
        }
        go.wait();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    })
}
