//! A demonstration and the sandbox let anybody in, so neither is started over an installation that people use (ASVS V13.4.2,
//! V15.2.3).

use anyhow::bail;
use svod_store::{Conn, Store, StoreError, account, meta};

/// Under what stands how the installation was started last.
const OPEN: &str = "serve/open";

/// Whether the platform may be started like this; how it is started is kept. Accounts that were made in a demonstration are its
/// own, until it is started in earnest once.
///
/// # Errors
/// When people have accounts here and it is to be started open to everybody; the store's own.
pub async fn demand(store: &Store, open: bool) -> anyhow::Result<()> {
    let job = move |conn: &mut dyn Conn| {
        let was_open = meta::get(conn, 0, OPEN)?.as_deref() == Some("yes");
        let used = !was_open && !account::list(conn, "", 1)?.is_empty();
        if !(open && used) && was_open != open {
            meta::set(conn, 0, OPEN, if open { "yes" } else { "no" })?;
        }
        Ok::<_, StoreError>(open && used)
    };
    if store.write(job).await? {
        bail!(
            "people have accounts in this installation: neither --demo nor --sandbox, which let anybody in, is started over it; \
             name another folder with --data (and another store)"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use svod_kernel::Timestamp;
    use svod_store::StoreOptions;
    use svod_store::account::AccountRow;
    use svod_store::testing::TestPlace;

    use super::*;

    async fn somebody(store: &Store, login: &'static str) {
        let row = AccountRow {
            id: login.to_owned(),
            login: login.to_owned(),
            name: "Olga".to_owned(),
            person: None,
            state: "active".to_owned(),
            password: None,
            totp: Vec::new(),
            totp_step: 0,
            recovery: "[]".to_owned(),
            created: Timestamp(0),
            modified: Timestamp(0),
        };
        store.write(move |conn| account::add(conn, &row)).await.unwrap();
    }

    #[tokio::test]
    async fn what_people_use_is_opened_to_nobody() {
        for place in TestPlace::all() {
            let store = place.open(StoreOptions::default()).unwrap();
            // Before anybody has an account it is begun as one likes.
            for open in [true, false, true] {
                demand(&store, open).await.unwrap();
            }
            somebody(&store, "guest").await;
            demand(&store, true).await.unwrap();
            demand(&store, false).await.unwrap();
            for _ in 0..2 {
                let refused = demand(&store, true).await.unwrap_err().to_string();
                assert!(refused.contains("--demo") && refused.contains("--data"), "{refused}");
            }
            demand(&store, false).await.unwrap();
            store.close().await;
        }
    }
}
