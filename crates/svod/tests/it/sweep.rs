//! What is noticed because nothing happens, on simulated time.

use serde_json::json;
use svod_testkit::{TestApp, on_both_engines};

async fn open(app: &TestApp, kind: &str) -> usize {
    let alerts = app.all("kuzbass", "Alert").await;
    alerts.iter().filter(|a| a.text("kind") == Some(kind) && a.text("status") == Some("open")).count()
}

on_both_engines! {
    async fn silence_raises_one_alert_and_ends_it(builder: TestAppBuilder) {
        let app = builder.start().await;
        app.air("42010102", "pm25", 0.01).await;
        app.air("42010109", "pm25", 0.01).await;
        app.wait(14 * 60).await;
        assert_eq!(open(&app, "station-silent").await, 0);
        app.air("42010109", "pm25", 0.01).await;
        app.wait(3 * 60).await;
        assert_eq!(open(&app, "station-silent").await, 1, "only the one that is silent");
        app.air("42010109", "pm25", 0.01).await;
        app.wait(11 * 60).await;
        assert_eq!(open(&app, "station-silent").await, 1, "silence goes on and is told once");
        app.air("42010102", "pm25", 0.01).await;
        app.wait(120).await;
        assert_eq!(open(&app, "station-silent").await, 0);
        let alerts = app.all("kuzbass", "Alert").await;
        let ended = alerts.iter().find(|a| a.text("status") == Some("closed")).unwrap();
        assert_eq!(ended.object("entity").unwrap().as_str(), "urn:svod:station:42010102");
        assert_eq!(ended.text("attribute"), None, "silence is of the whole station");
    }
}

on_both_engines! {
    async fn a_standing_plough_is_noticed_and_a_trembling_one_too(builder: TestAppBuilder) {
        let app = builder.start().await;
        let plough = async |lon: f64, working: bool| {
            let payload = json!({"ts": app.ts(), "lon": lon, "lat": 53.758, "speed": 0, "heading": 90, "working": working});
            app.reading("snow-plough", "plough-nvk-01", payload).await;
        };
        // Half a minute of longitude is 33 m here: what a receiver trembles by is less.
        for step in 0..12 {
            plough(87.115 + f64::from(step % 2) * 0.0001, true).await;
            app.wait(60).await;
        }
        assert_eq!(open(&app, "plough-standing").await, 1);
        let task = app.only("Task").await;
        assert_eq!(task.object("body").unwrap().as_str(), "urn:svod:body:novokuznetsk:administration");
        assert_eq!(task.point("location").unwrap().lat, 53.758, "the task is where the plough is, not its garage");
        plough(87.12, true).await;
        app.wait(60).await;
        assert_eq!(open(&app, "plough-standing").await, 0);
    }
}

on_both_engines! {
    /// While the platform was down nobody listened: silence counts from the start.
    async fn time_while_down_is_no_silence(builder: TestAppBuilder) {
        let app = builder.start().await;
        app.air("42010102", "pm25", 0.01).await;
        app.clock.advance(3 * 3600);
        let app = app.restart().await;
        app.wait(14 * 60).await;
        assert_eq!(open(&app, "station-silent").await, 0);
        app.wait(3 * 60).await;
        assert_eq!(open(&app, "station-silent").await, 1);
    }
}
