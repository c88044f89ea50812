//! A pack published to the running platform is in force at once; one with faults changes nothing.

use serde_json::json;
use svod_kernel::Coded as _;
use svod_model::PackSource;
use svod_registry::PublishError;
use svod_testkit::{TestApp, on_both_engines, packs};

const STATION: &str = "42010102";
const TABLE: &str = "decisions/air-quality.dmn";

/// Version 0.2.0 decides at half the norm.
fn stricter() -> PackSource {
    let pack = packs::version(packs::shipped("kuzbass"), "0.2.0");
    let pack = packs::replaced(pack, TABLE, "<text>&gt;= 1</text>", "<text>&gt;= 0.5</text>");
    packs::replaced(pack, TABLE, "<text>&lt; 0.8</text>", "<text>&lt; 0.4</text>")
}

/// Version 0.2.0 has its work checked by a second person.
fn two_steps() -> PackSource {
    let file = "processes/alert-response.bpmn";
    let pack = packs::version(packs::shipped("kuzbass"), "0.2.0");
    let more = "<sequenceFlow id=\"to-check\" sourceRef=\"respond\" targetRef=\"check\"/>\n    \
        <userTask id=\"check\" name=\"Проверить\"/>\n    \
        <sequenceFlow id=\"to-end\" sourceRef=\"check\" targetRef=\"end\"/>";
    let pack =
        packs::replaced(pack, file, "<sequenceFlow id=\"to-end\" sourceRef=\"respond\" targetRef=\"end\"/>", more);
    let pack = packs::replaced(pack, file, "<outgoing>to-end</outgoing>", "<outgoing>to-check</outgoing>");
    ["ru", "kk", "en"].into_iter().fold(pack, |pack, lang| {
        packs::appended(pack, &format!("locales/{lang}.ftl"), "\nstep-alert-response-check = Check\n")
    })
}

async fn alerts(app: &TestApp) -> (usize, usize) {
    let all = app.all("kuzbass", "Alert").await;
    let open = all.iter().filter(|a| a.text("status") == Some("open")).count();
    (open, all.len() - open)
}

on_both_engines! {
    async fn a_lower_threshold_decides_at_once(builder: TestAppBuilder) {
        let app = builder.start().await;
        let administrator = app.actor("administrator");
        app.air(STATION, "pm25", 0.02).await;
        assert_eq!(alerts(&app).await, (0, 0));
        let published = app.core.registry.publish(&administrator, stricter()).await.unwrap();
        assert!(published.changed);
        assert_eq!((published.id.as_str(), published.version.as_str(), published.entities), ("kuzbass", "0.2.0", 0));
        app.clock.advance(60);
        app.air(STATION, "pm25", 0.02).await;
        assert_eq!(alerts(&app).await, (1, 0), "0.57 of the norm is above half of it");
        let alert = app.only("Alert").await;
        assert_eq!(alert.text("decision"), Some("pack:kuzbass@0.2.0 decisions/air-quality.dmn «Air alert»"));
        app.clock.advance(60);
        app.air(STATION, "pm25", 0.016).await;
        assert_eq!(alerts(&app).await, (1, 0), "the new table holds down to 0.4");
        app.clock.advance(60);
        app.air(STATION, "pm25", 0.01).await;
        assert_eq!(alerts(&app).await, (0, 1));

        let again = app.core.registry.publish(&administrator, stricter()).await.unwrap();
        assert!(!again.changed, "the same pack again is nothing new");
        let other = packs::replaced(stricter(), TABLE, "<text>&gt;= 5</text>", "<text>&gt;= 4</text>");
        let taken = app.core.registry.publish(&administrator, other).await.unwrap_err();
        assert_eq!(taken.code(), "version-taken");
        let app = app.restart().await;
        assert_eq!(app.core.registry.catalogue().pack("kuzbass").unwrap().manifest.version, "0.2.0",
            "a start with the older pack takes nothing back");
    }
}

on_both_engines! {
    async fn a_running_case_stays_on_its_version(builder: TestAppBuilder) {
        let app = builder.start().await;
        let official = app.actor("official-municipal");
        app.air(STATION, "pm25", 0.05).await;
        let old = app.only("Task").await;
        app.core.tasks.take(&official, &old.id).await.unwrap();
        app.core.registry.publish(&app.actor("administrator"), two_steps()).await.unwrap();
        app.air(STATION, "so2", 0.06).await;
        app.core.tasks.complete(&official, &old.id, "сделано").await.unwrap();
        let case = app.entity(old.object("case").unwrap()).await;
        assert_eq!(case.text("processVersion"), Some("kuzbass@0.1.1/alert-response"));
        assert_eq!(case.text("status"), Some("closed"), "one step was all it had");

        let first = app.all("kuzbass", "Task").await.into_iter().find(|t| t.id != old.id).unwrap();
        let case = first.object("case").unwrap().clone();
        assert_eq!(app.entity(&case).await.text("processVersion"), Some("kuzbass@0.2.0/alert-response"));
        app.core.tasks.take(&official, &first.id).await.unwrap();
        app.core.tasks.complete(&official, &first.id, "сделано").await.unwrap();
        assert_eq!(app.entity(&case).await.text("status"), Some("open"), "the second step is still to be done");
        let second = app.all("kuzbass", "Task").await.into_iter().find(|t| t.text("step") == Some("check"));
        let second = second.expect("the second step is offered");
        assert_eq!(second.text("status"), Some("offered"));
        for name in ["case", "alert", "body", "kind", "severity", "subject", "name", "location"] {
            assert_eq!(second.attributes.get(name), first.attributes.get(name), "{name}");
        }
        app.core.tasks.take(&official, &second.id).await.unwrap();
        app.core.tasks.complete(&official, &second.id, "проверено").await.unwrap();
        assert_eq!(app.entity(&case).await.text("status"), Some("closed"));
        let verbs: Vec<String> =
            app.journal(&official, "kuzbass", Some(&case)).await.into_iter().map(|e| e.action).collect();
        assert_eq!(verbs, ["raise", "open", "offer", "take", "complete", "offer", "take", "complete", "close"]);
    }
}

on_both_engines! {
    async fn a_pack_with_faults_changes_nothing(builder: TestAppBuilder) {
        let app = builder.start().await;
        let before = app.core.registry.catalogue().generation;
        let broken = packs::replaced(stricter(), TABLE, "<text>&gt;= 0.5</text>", "<text>&gt;= (0.5</text>");
        // The cell is the element around the text, one line above it.
        let line = broken.files[TABLE].lines().position(|l| l.contains("&gt;= (0.5")).unwrap();
        let broken = packs::replaced(broken, "triggers/plough-standing.yaml", "process: alert-response", "process: nowhere");
        let refused = app.core.registry.publish(&app.actor("administrator"), broken).await.unwrap_err();
        let PublishError::Faults(faults) = &refused else { panic!("{refused}") };
        let table = faults.iter().find(|f| f.file == format!("kuzbass/{TABLE}")).unwrap_or_else(|| panic!("{faults:?}"));
        assert_eq!((table.position.line, table.rule.as_str()), (line, "dmn"), "{table}");
        assert!(!table.message.is_empty() && !table.fix.is_empty(), "{table}");
        assert!(faults.iter().any(|f| f.message.contains("nowhere") && !f.fix.is_empty()), "{faults:?}");
        assert_eq!(refused.fields().len(), faults.len());

        let catalogue = app.core.registry.catalogue();
        assert_eq!((catalogue.generation, catalogue.pack("kuzbass").unwrap().manifest.version.as_str()), (before, "0.1.1"));
        assert_eq!(app.core.registry.pack_history("kuzbass").await.unwrap().len(), 1);
        app.air(STATION, "pm25", 0.02).await;
        app.air(STATION, "so2", 0.05).await;
        assert_eq!(alerts(&app).await, (1, 0), "decided as before");
    }
}

on_both_engines! {
    /// The same over HTTP: what `svod pack publish` and the page send.
    async fn over_the_api(builder: TestAppBuilder) {
        let app = builder.doors().start().await;
        let send = async |persona: Option<&'static str>, source: &PackSource| {
            app.call("POST", "/api/v1/packs", persona, Some(json!(source))).await
        };
        let broken = packs::replaced(stricter(), TABLE, "<text>&gt;= 0.5</text>", "<text>&gt;= (0.5</text>");
        let refused = send(Some("administrator"), &broken).await;
        refused.problem(422, "pack-faults");
        let fault = &refused.json()["errors"][0];
        assert!(fault["field"].as_str().unwrap().starts_with("kuzbass/decisions/air-quality.dmn:"), "{fault}");
        assert!(fault["rule"].as_str().unwrap().starts_with("dmn: ") && fault["fix"] != "", "{fault}");
        for persona in [None, Some("citizen"), Some("official-regional"), Some("governor")] {
            send(persona, &stricter()).await.problem(403, "forbidden");
        }
        let done = send(Some("administrator"), &stricter()).await.ok();
        assert_eq!((done["changed"].as_bool(), done["version"].as_str()), (Some(true), Some("0.2.0")));
        let body = json!({"messages": [{"profile": "air-post", "device": STATION, "payload": {"ts": app.ts(), "pm25": 0.02}}]});
        let taken = app.call("POST", "/api/v1/observations", Some("administrator"), Some(body)).await.ok();
        assert_eq!((taken["stored"].as_u64(), taken["quarantined"].as_u64()), (Some(1), Some(0)));
        app.until("the stricter table raised an alert", async || alerts(&app).await == (1, 0)).await;
        app.settle().await;
    }
}
