//! `svod doctor`: what an administrator would look at first, looked at, with what to do about it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use reqwest::Url;
use svod_kernel::{Clock as _, SystemClock, Timestamp};
use svod_model::PackSource;
use svod_store::{Conn, Engine, Store, StoreError, StoreOptions, StoreUrl};

use super::keep::Place;
use crate::client::Client;
use crate::tenures;
use crate::tls::{self, Files};
use crate::{Config, disk, guarded};

/// Days before the end of a certificate from which it is odd that there is no new one.
const RENEWED: i64 = 21;

/// Days ahead for which calendars should be known.
const AHEAD: i64 = 90;

/// Things of one kind that are named; of the rest it is said how many there are.
const NAMED: usize = 20;

/// `svod doctor`
#[derive(Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    place: Place,
    /// Also look at every row (minutes for millions of entities).
    #[arg(long)]
    deep: bool,
}

/// How something is.
enum Found {
    Well(String),
    /// What is, and what to do.
    Odd(String, &'static str),
    Bad(String, &'static str),
}

use Found::{Bad, Odd, Well};

#[derive(Default)]
struct Report {
    bad: usize,
}

impl Report {
    fn say(&mut self, what: &str, found: Found) {
        let (word, text, fix) = match found {
            Well(text) => ("ok  ", text, None),
            Odd(text, fix) => ("odd ", text, Some(fix)),
            Bad(text, fix) => {
                self.bad += 1;
                ("BAD ", text, Some(fix))
            }
        };
        println!("{word} {what}: {text}");
        if let Some(fix) = fix {
            println!("     -> {fix}");
        }
    }
}

pub fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    let config = match args.place.configuration() {
        Ok(config) => config,
        Err(e) => {
            report.say("configuration", Bad(format!("{e:#}"), "mend the key that is named"));
            return Ok(ExitCode::FAILURE);
        }
    };
    report.say("configuration", Well("read".into()));
    folder(&mut report, &config.data.0);
    platform(&mut report, &config);
    doors(&mut report, &config);
    store(&mut report, &config, args.deep);
    if report.bad == 0 {
        println!("all is well");
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} to be mended", report.bad);
    Ok(ExitCode::FAILURE)
}

fn folder(report: &mut Report, data: &Path) {
    let at = data.display();
    let found = match std::fs::metadata(data) {
        Err(_) => Odd(format!("{at} is not there yet"), "it is made at the first start"),
        Ok(m) if !m.is_dir() => Bad(format!("{at} is no folder"), "name a folder in [data] or --data"),
        Ok(m) if m.permissions().readonly() => Bad(format!("{at} cannot be written"), "give it to the service's user"),
        Ok(_) => Well(format!("{at}")),
    };
    report.say("data folder", found);
    report.say("disk", disk(data));
    let key = data.join("secrets/identity.key");
    if let Ok(meta) = std::fs::metadata(&key) {
        use std::os::unix::fs::PermissionsExt as _;
        let open = meta.permissions().mode() & 0o077 != 0;
        let found = if open {
            Bad(format!("{} can be read by others", key.display()), "chmod 600 it")
        } else {
            Well("only its owner reads it".into())
        };
        report.say("key", found);
    }
}

/// Whether who takes the disk away can read it (ASVS V14.2.4).
fn disk(data: &Path) -> Found {
    let fix = "put the data folder, the database's and the backups on LUKS";
    match disk::is_sealed(data) {
        Some(true) => Well("encrypted".into()),
        Some(false) => Odd("not encrypted: who takes it away reads everything".into(), fix),
        None => Odd("whether it is encrypted cannot be told from here".into(), fix),
    }
}

fn platform(report: &mut Report, config: &Config) {
    let base = config.http.base(config.http.listen);
    let asked = Client::beside(&base).and_then(|c| c.get("/readyz"));
    let found = match asked {
        Ok(_) => Well(format!("answers at {base}")),
        Err(e) => Odd(format!("no ready answer at {base} ({e:#})"), "start it with 'svod serve', or look at its log"),
    };
    report.say("platform", found);
}

/// Whether what passes the door of pages can be read on the way, and how long certificates are good.
fn doors(report: &mut Report, config: &Config) {
    let http = &config.http;
    if let Err(e) = guarded::demand_tls(config) {
        report.say("tls", Bad(e.to_string(), "the platform does not start like this: mend the key that is named"));
    }
    if let Err(e) = guarded::demand_sealed(config) {
        report.say("data", Bad(e.to_string(), "the platform does not start like this: mend the key that is named"));
    }
    if config.mqtt.plain && config.mqtt.tls_cert.is_none() && !config.mqtt.listen.ip().is_loopback() {
        let text = format!("{} takes secrets of devices without TLS", config.mqtt.listen);
        report
            .say("mqtt", Odd(text, "give mqtt.tls_cert and mqtt.tls_key, unless everybody on the network is trusted"));
    }
    let certificates = [("http certificate", Files::of_http(http)), ("mqtt certificate", Files::of_mqtt(&config.mqtt))];
    for (what, files) in certificates {
        if let Some(files) = files {
            report.say(what, certificate(&files));
        }
    }
    if let Some(found) = trust(config) {
        report.say("http trust", found);
    }
}

/// Whether browsers believe who people meet at the installation's address (ASVS V12.2.2); none where nobody speaks TLS.
fn trust(config: &Config) -> Option<Found> {
    let own = Files::of_http(&config.http);
    let Some(origin) = config.origin(config.http.listen) else {
        return own.map(|_| Odd("nobody has said by which name people come".into(), "set identity.origin"));
    };
    let name = Url::parse(&origin).ok()?.host_str()?.trim_matches(['[', ']']).to_owned();
    let judged = match own {
        // A file that cannot be read is told already.
        Some(files) => tls::is_believed(&files.read().ok()?, &name, tls::roots(), SystemClock.now()),
        // A proxy in front shows what people see.
        None if origin.starts_with("https://") => {
            Client::new(&origin, None).and_then(|client| client.get("/readyz").map(drop)).map_err(|e| format!("{e:#}"))
        }
        None => return None,
    };
    Some(match judged {
        Ok(()) => Well(format!("who has this machine's roots believes it for {name}")),
        Err(why) => Odd(
            format!("who has this machine's roots does not believe it for {name}, or it is not reached: {why}"),
            "take a certificate for that name from an authority that browsers know, with its whole chain",
        ),
    })
}

fn certificate(files: &Files) -> Found {
    let shown = match files.read() {
        Ok(shown) => shown,
        Err(e) => return Bad(format!("{e:#}"), "mend the file; it is read anew while the platform runs"),
    };
    let Some(end) = tls::end(&shown) else { return Well("read; until when it is good it does not tell".into()) };
    let days = (end - SystemClock.now().millis() / 1_000).div_euclid(24 * 3600);
    let renew = "put the renewed one into the same files: they are read while the platform runs";
    match days {
        ..0 => Bad("it is good no longer".into(), renew),
        0..RENEWED => Odd(format!("it is good for {days} days more"), renew),
        _ => Well(format!("good for {days} days")),
    }
}

fn store(report: &mut Report, config: &Config, deep: bool) {
    let url: StoreUrl = match config.store_url().parse() {
        Ok(url) => url,
        Err(e) => return report.say("store", Bad(e.to_string(), "mend store.url")),
    };
    if url.is_exposed() {
        let text = format!("{url}: others may read the connection, or answer in the server's place");
        report.say("store", Odd(text, "add sslmode=verify-full (and sslrootcert=FILE) to store.url"));
    }
    if url.has_standing_password() {
        let text = format!("{url}: the password of another machine stands in the address until somebody changes it");
        report.say("store", Odd(text, "give sslcert and sslkey, or a passwordfile that is exchanged, in store.url"));
    }
    if url.path().is_some_and(|p| !p.is_file()) {
        return report.say("store", Odd(format!("{url} is not there yet"), "it is made at the first start"));
    }
    let store = match Store::open(&url, StoreOptions::default(), Arc::new(SystemClock)) {
        Ok(store) => store,
        Err(e) => return report.say("store", Bad(format!("{url}: {e}"), "see that it runs and may be reached")),
    };
    let engine = store.engine();
    let looked = store.blocking_read(move |conn| look(conn, engine, deep));
    match looked {
        Ok(all) => all.into_iter().for_each(|(what, found)| report.say(what, found)),
        Err(e) => report.say("store", Bad(format!("{url}: {e}"), "restore the last backup if it cannot be read")),
    }
    store.blocking_close();
}

/// Whether who works with the rows may change the tables as well.
fn role(conn: &mut dyn Conn) -> Result<Found, StoreError> {
    let sql = "SELECT CAST(CASE WHEN has_schema_privilege(current_schema(), 'CREATE') THEN 1 ELSE 0 END AS BIGINT)";
    Ok(match number(conn, sql)? {
        0 => Well("works with rows, and may not change tables".into()),
        _ => Odd(
            "may change tables as well".into(),
            "let another role own them: 'svod migrate --as URL --grant ROLE', docs/operations.md",
        ),
    })
}

fn number(conn: &mut dyn Conn, sql: &str) -> Result<i64, StoreError> {
    conn.first(sql, &[])?.map_or(Ok(0), |r| r.opt_int(0).map(Option::unwrap_or_default))
}

fn look(conn: &mut dyn Conn, engine: Engine, deep: bool) -> Result<Vec<(&'static str, Found)>, StoreError> {
    let mut all = Vec::new();
    if engine == Engine::Sqlite {
        let said = conn.first("PRAGMA quick_check(1)", &[])?.map_or(Ok(String::new()), |r| r.text(0))?;
        let broken = "stop the platform, keep the file, and restore the last backup";
        all.push(("file", if said == "ok" { Well("sound".into()) } else { Bad(said, broken) }));
    }
    if engine == Engine::Postgres {
        all.push(("store role", role(conn)?));
    }
    let spaces = number(conn, "SELECT count(*) FROM space")?;
    let entities = number(conn, "SELECT count(*) FROM entity")?;
    all.push(("store", Well(format!("{entities} entities in {spaces} spaces"))));
    all.push(("journal", journal(conn)?));
    let unbuilt = number(conn, "SELECT count(*) FROM value_index WHERE ready = 0")?;
    all.push((
        "indexes",
        match unbuilt {
            0 => Well("all are built".into()),
            n => Odd(
                format!("{n} are being built"),
                "they are finished while the platform runs; questions are slower until then",
            ),
        },
    ));
    all.push(("appointments", appointments(conn)?));
    all.push(("passkeys", passkeys(conn)?));
    all.push(("calendars", calendars(conn, SystemClock.now())?));
    let aside = number(conn, "SELECT count(*) FROM set_aside")?;
    all.push((
        "projections",
        match aside {
            0 => Well("nothing was set aside".into()),
            n => {
                Odd(format!("{n} events could not be taken"), "their reasons are in the table set_aside and in the log")
            }
        },
    ));
    let held = number(conn, "SELECT count(*) FROM quarantine WHERE status = 'held'")?;
    all.push((
        "quarantine",
        match held {
            0 => Well("empty".into()),
            n => Odd(format!("{n} messages are held"), "svod quarantine list"),
        },
    ));
    let tried = number(conn, "SELECT count(*) FROM outbox WHERE attempts > 5")?;
    all.push((
        "outbox",
        match tried {
            0 => Well("nothing is stuck".into()),
            n => Odd(format!("{n} messages were tried more than five times"), "see whether their receivers answer"),
        },
    ));
    if deep {
        all.push(("index rows", dangling(conn)?));
        all.push(("counts", counts(conn)?));
    }
    Ok(all)
}

/// Who acts in a post without an end has no powers, and would not know why.
fn appointments(conn: &mut dyn Conn) -> Result<Found, StoreError> {
    let endless = tenures::endless(conn)?;
    if endless.is_empty() {
        return Ok(Well("whoever acts in a post does so until a day".into()));
    }
    let named: Vec<String> = endless.iter().take(NAMED).map(|one| format!("{} in {}", one.urn, one.space)).collect();
    let more = if endless.len() > NAMED { format!(" and {} more", endless.len() - NAMED) } else { String::new() };
    let text = format!("{} to act in a post say no end and give no powers: {}{more}", endless.len(), named.join(", "));
    Ok(Odd(text, "set 'until', within 366 days of 'since', or end them on the page of the body"))
}

/// Deadlines that go into a year of which nobody has said yet what is off may be wrong by some days.
fn calendars(conn: &mut dyn Conn, now: Timestamp) -> Result<Found, StoreError> {
    let rows = svod_store::pack::active(conn)?;
    let sources: Vec<PackSource> = rows.iter().filter_map(|row| serde_json::from_str(&row.pack.source).ok()).collect();
    let Ok(catalogue) = svod_registry::compile(0, &sources) else {
        let fix = "'svod pack check' says what is wrong with each of them";
        return Ok(Odd("the packs in force cannot be read together".into(), fix));
    };
    // A moment is written with its year first.
    let year = |at: Timestamp| at.to_string().get(..4).and_then(|y| y.parse::<i16>().ok()).unwrap_or_default();
    let years: BTreeSet<i16> = [now, now.plus_seconds(AHEAD * 24 * 3_600)].map(year).into();
    let told: Vec<String> = years.into_iter().flat_map(|year| catalogue.warnings(year)).collect();
    if told.is_empty() {
        return Ok(Well(format!("known for the next {AHEAD} days")));
    }
    Ok(Odd(told.join("; "), "put the decree into calendars/ of the pack, and publish it in a new version"))
}

/// Whoever has only a passkey of an algorithm that is taken no more cannot sign in.
fn passkeys(conn: &mut dyn Conn) -> Result<Found, StoreError> {
    let shut_out = svod_identity::shut_out(conn)?;
    if shut_out.is_empty() {
        return Ok(Well("nobody is shut out by an old one".into()));
    }
    let named = shut_out.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if shut_out.len() > NAMED { format!(" and {} more", shut_out.len() - NAMED) } else { String::new() };
    let text = format!(
        "{} accounts have nothing but passkeys under RSA, which open them no more: {named}{more}",
        shut_out.len()
    );
    Ok(Odd(text, "keep them out and invite their owners under another login"))
}

/// Every space's numbers follow each other without a gap.
fn journal(conn: &mut dyn Conn) -> Result<Found, StoreError> {
    let sql = "SELECT s.path, s.seq, (SELECT count(*) FROM journal j WHERE j.space = s.id),
               (SELECT max(j.seq) FROM journal j WHERE j.space = s.id) FROM space s ORDER BY s.id";
    let mut events = 0;
    for row in conn.query(sql, &[])? {
        let (path, head, count, last) = (row.text(0)?, row.int(1)?, row.int(2)?, row.opt_int(3)?.unwrap_or_default());
        events += count;
        if head != count || head != last {
            let text = format!("space {path} has {count} events, the last is {last}, and {head} were numbered");
            return Ok(Bad(text, "the journal was changed from outside: restore the last backup"));
        }
    }
    Ok(Well(format!("{events} events without a gap")))
}

fn dangling(conn: &mut dyn Conn) -> Result<Found, StoreError> {
    let of = |table: &str| {
        format!(
            "SELECT count(*) FROM {table} v WHERE NOT EXISTS (SELECT 1 FROM entity e WHERE e.space = v.space AND e.id = v.entity)"
        )
    };
    let dead = number(conn, &of("entity_value"))? + number(conn, &of("entity_cell"))?;
    Ok(match dead {
        0 => Well("each belongs to an entity".into()),
        n => Bad(format!("{n} belong to no entity"), "export and import the store: index rows are made anew"),
    })
}

fn counts(conn: &mut dyn Conn) -> Result<Found, StoreError> {
    let sql = "SELECT count(*) FROM (SELECT e.space, e.type, count(*) AS n FROM entity e GROUP BY e.space, e.type) AS f
               LEFT JOIN entity_count c ON c.space = f.space AND c.type = f.type WHERE c.count IS NULL OR c.count < f.n";
    Ok(match number(conn, sql)? {
        0 => Well("types are counted as they are".into()),
        n => Bad(format!("{n} types are counted too low"), "counts and types in use are wrong; report it with the log"),
    })
}
