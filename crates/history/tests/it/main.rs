//! History, whole on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use svod_history::{Appended, ChartPoint, History, NewFinding, NewQuarantine, Observation, SeriesKey};
use svod_kernel::{Timestamp, Urn};
use svod_model::{ObservedValue, Point};
use svod_store::testing::TestPlace;
use svod_store::{StoreError, StoreOptions, finding, quarantine, space};

fn run(place: &TestPlace, test: impl AsyncFn(&TestPlace)) {
    tokio::runtime::Runtime::new().unwrap().block_on(test(place));
}

svod_store::on_both_engines!(
    a_batch_is_whole_and_duplicates_are_counted,
    every_kind_of_value_comes_back,
    a_series_keeps_its_number,
    a_chart_has_no_more_points_than_asked_for,
    latest_is_by_time_not_by_arrival,
    trails_are_the_last_places,
    observations_end_in_their_time,
);

fn key(n: u32, attribute: &str) -> SeriesKey {
    SeriesKey {
        space: 0,
        urn: Urn::svod("station", &n.to_string()).unwrap(),
        attribute: attribute.into(),
        device: n.to_string(),
    }
}

fn seen(series: i64, at: i64, value: ObservedValue) -> (i64, Observation) {
    (
        0,
        Observation {
            series,
            at: Timestamp(at),
            value,
            received: Timestamp(at + 5),
            simulated: false,
            replayed: false,
        },
    )
}

fn number(series: i64, at: i64, value: f64) -> (i64, Observation) {
    seen(series, at, ObservedValue::Number(value))
}

async fn a_batch_is_whole_and_duplicates_are_counted(place: &TestPlace) {
    let store = place.open(StoreOptions::default()).unwrap();
    let history = History::new(store.clone());
    let batch = vec![number(1, 30, 3.0), number(1, 10, 1.0), number(1, 30, 9.0), number(2, 10, 2.0)];
    let found = NewFinding {
        space: 0,
        at: Timestamp(1),
        trigger_id: "t".into(),
        urn: "urn:svod:station:1".into(),
        attribute: "pm25".into(),
        body: "{}".into(),
    };
    let refused = NewQuarantine {
        space: 0,
        at: Timestamp(1),
        source: "http".into(),
        profile: None,
        device: None,
        reason: "malformed".into(),
        detail: String::new(),
        payload: b"{".to_vec(),
    };
    let answer = history.append(batch, vec![found.clone()], vec![refused]).await.unwrap();
    assert_eq!(answer, Appended { stored: 3, duplicates: 1 });
    let again = history.append(vec![number(1, 10, 7.0), number(1, 20, 2.0)], vec![], vec![]).await.unwrap();
    assert_eq!(again, Appended { stored: 1, duplicates: 1 });
    assert_eq!(history.count().await.unwrap(), 4);
    let waiting = store.read(|c| finding::page(c, 0, 10)).await.unwrap();
    assert_eq!(waiting[0].finding, found);
    let held = store.read(|c| quarantine::counts(c, &[0], quarantine::Status::Held)).await.unwrap();
    assert_eq!(held, [("malformed".to_owned(), 1)]);
    assert_eq!(history.append(vec![], vec![], vec![]).await.unwrap(), Appended::default());
}

/// ASVS V14.2.4: what is older goes, however many it is, and nothing else.
async fn observations_end_in_their_time(place: &TestPlace) {
    let history = History::new(place.open(StoreOptions::default()).unwrap());
    let series = history.series(vec![key(1, "x"), key(2, "x"), key(3, "x")]).await.unwrap();
    let many = (0..4_500).map(|at| number(series[0], at, 1.0)).collect();
    history.append(many, vec![], vec![]).await.unwrap();
    history.append(vec![number(series[1], 10, 1.0), number(series[2], 4_400, 2.0)], vec![], vec![]).await.unwrap();
    assert_eq!(history.forget(Timestamp(0)).await.unwrap(), 0);
    assert_eq!(history.forget(Timestamp(4_400)).await.unwrap(), 4_401, "of two series; what is of that moment stays");
    assert_eq!(history.count().await.unwrap(), 101);
    assert_eq!(history.forget(Timestamp(4_400)).await.unwrap(), 0);
    let (first, gone) = (key(1, "x").urn, key(2, "x").urn);
    let left = history.points(0, &first, "x", Timestamp(0), Timestamp(9_000), 10_000).await.unwrap();
    assert_eq!((left.len(), left[0].at), (100, Timestamp(4_400)));
    assert!(history.points(0, &gone, "x", Timestamp(0), Timestamp(9_000), 10).await.unwrap().is_empty());
    assert_eq!(history.series(vec![key(2, "x")]).await.unwrap(), [series[1]], "a series keeps its number");
}

async fn every_kind_of_value_comes_back(place: &TestPlace) {
    let history = History::new(place.open(StoreOptions::default()).unwrap());
    let values = [
        ObservedValue::Number(-0.125),
        ObservedValue::Bool(true),
        ObservedValue::Bool(false),
        ObservedValue::Point(Point { lon: 87.1444, lat: 53.7596 }),
        ObservedValue::Text("гололёд\0".into()),
        ObservedValue::Number(1.0),
    ];
    let series = history.series(vec![key(1, "x")]).await.unwrap()[0];
    let mut batch: Vec<_> = values.iter().zip(1..).map(|(v, at)| seen(series, at, v.clone())).collect();
    batch[0].1.simulated = true;
    batch[1].1.replayed = true;
    history.append(batch.clone(), vec![], vec![]).await.unwrap();
    batch[4].1.value = ObservedValue::Text("гололёд\u{FFFD}".into());
    let urn = key(1, "x").urn;
    let back = history.points(0, &urn, "x", Timestamp(0), Timestamp(100), 10).await.unwrap();
    assert_eq!(back, batch.into_iter().map(|(_, o)| o).collect::<Vec<_>>());
}

async fn a_series_keeps_its_number(place: &TestPlace) {
    let store = place.open(StoreOptions::default()).unwrap();
    let other = store.write(|c| space::ensure(c, "other", false)).await.unwrap();
    let elsewhere = SeriesKey { space: other, ..key(1, "pm25") };
    let keys = vec![key(1, "pm25"), key(1, "no2"), key(1, "pm25"), elsewhere, key(2, "pm25")];
    let ids = History::new(store.clone()).series(keys.clone()).await.unwrap();
    assert_eq!(ids[0], ids[2]);
    assert_ne!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[4]);
    let fresh = History::new(store.clone());
    assert_eq!(fresh.series(keys.clone()).await.unwrap(), ids, "not from memory");
    // Two nodes that meet the same new series at once agree.
    let (a, b) = (History::new(store.clone()), History::new(store.clone()));
    let new: Vec<_> = (10..60).map(|n| key(n, "pm10")).collect();
    let (left, right) = tokio::join!(a.series(new.clone()), b.series(new.iter().rev().cloned().collect()));
    let mut right = right.unwrap();
    right.reverse();
    assert_eq!(left.unwrap(), right);
    let unknown = SeriesKey { space: 77, ..key(1, "x") };
    assert!(matches!(fresh.series(vec![unknown]).await, Err(StoreError::Shape(_))));
}

async fn a_chart_has_no_more_points_than_asked_for(place: &TestPlace) {
    let history = History::new(place.open(StoreOptions::default()).unwrap());
    let mut second = key(1, "pm25");
    second.device = "spare".into();
    let ids = history.series(vec![key(1, "pm25"), second]).await.unwrap();
    let batch = (0..1_000).map(|n| number(ids[usize::from(n % 2 == 1)], n * 1_000, n as f64)).collect();
    history.append(batch, vec![], vec![]).await.unwrap();
    let urn = key(1, "pm25").urn;
    for most in [1, 2, 7, 300, 999] {
        let chart = history.range(0, &urn, "pm25", Timestamp(0), Timestamp(i64::MAX), most).await.unwrap();
        assert!(chart.points.len() <= most && chart.points.len() * 2 >= most, "{most}: {}", chart.points.len());
        assert_eq!(chart.points.iter().map(|p| p.count).sum::<i64>(), 1_000);
        assert!(chart.points.is_sorted_by_key(|p| p.at));
        assert!(chart.points.iter().all(|p| p.min <= p.avg && p.avg <= p.max));
        assert_eq!((chart.points[0].min, chart.points.last().unwrap().max), (0.0, 999.0));
    }
    let raw = history.range(0, &urn, "pm25", Timestamp(10_000), Timestamp(13_000), 3).await.unwrap();
    assert_eq!(raw.width, 0);
    let at = |n: i64| ChartPoint {
        at: Timestamp(n * 1_000),
        min: n as f64,
        max: n as f64,
        avg: n as f64,
        count: 1,
        simulated: false,
    };
    assert_eq!(raw.points, [at(10), at(11), at(12)]);
    let two = history.range(0, &urn, "pm25", Timestamp(10_000), Timestamp(14_000), 2).await.unwrap();
    assert_eq!(
        two.points.iter().map(|p| (p.min, p.max, p.avg, p.count)).collect::<Vec<_>>(),
        [(10.0, 11.0, 10.5, 2), (12.0, 13.0, 12.5, 2)]
    );
    assert!(history.range(0, &urn, "no2", Timestamp(0), Timestamp(9), 5).await.unwrap().points.is_empty());
}

async fn latest_is_by_time_not_by_arrival(place: &TestPlace) {
    let store = place.open(StoreOptions::default()).unwrap();
    let history = History::new(store.clone());
    let ids = history.series(vec![key(1, "pm25"), key(2, "pm25"), key(3, "pm25")]).await.unwrap();
    history.append(vec![number(ids[0], 50, 5.0), number(ids[1], 10, 1.0)], vec![], vec![]).await.unwrap();
    history.append(vec![number(ids[0], 40, 4.0)], vec![], vec![]).await.unwrap();
    let fresh = History::new(store);
    let mut latest = fresh.latest().await.unwrap();
    latest.sort_by_key(|row| row.series);
    let found: Vec<_> = latest.into_iter().map(|row| (row.key, row.series, row.observation.at)).collect();
    assert_eq!(found, [(key(1, "pm25"), ids[0], Timestamp(50)), (key(2, "pm25"), ids[1], Timestamp(10))]);
}

async fn trails_are_the_last_places(place: &TestPlace) {
    let history = History::new(place.open(StoreOptions::default()).unwrap());
    let id = history.series(vec![key(1, "position")]).await.unwrap()[0];
    let place_at = |n: i64| ObservedValue::Point(Point { lon: 87.0 + n as f64, lat: 53.0 });
    let batch = (0..20).map(|n| seen(id, n, place_at(n))).collect();
    history.append(batch, vec![], vec![]).await.unwrap();
    let urn = key(1, "position").urn;
    let trail = history.points(0, &urn, "position", Timestamp(0), Timestamp(18), 3).await.unwrap();
    assert_eq!(trail.iter().map(|o| o.value.clone()).collect::<Vec<_>>(), [place_at(15), place_at(16), place_at(17)]);
    let chart = history.range(0, &urn, "position", Timestamp(0), Timestamp(99), 5).await.unwrap();
    assert!(chart.points.is_empty(), "a place is no number");
}
