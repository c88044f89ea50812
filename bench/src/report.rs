//! Medians of the runs, as the tables of docs and notes show them.

use crate::load::Measured;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// The peer's workload that each of Svod's is set against: the same door, or for HTTP batches COPY of the same batches.
const PAIRS: [(&str, &str); 2] = [("MQTT", "MQTT"), ("HTTP, batches of 100", "COPY, batches of 100")];

/// What one row of the table shows.
#[derive(Debug, Clone)]
struct Row {
    cores: String,
    system: String,
    workload: String,
    /// Readings a second of each run, sorted.
    rates: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    max: Vec<f64>,
}

/// Prints the table.
pub fn run(files: &[PathBuf]) -> Result<()> {
    let mut lines = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            lines.push(serde_json::from_str::<Measured>(line).with_context(|| format!("{}: {line}", file.display()))?);
        }
    }
    print!("{}", table(&lines));
    Ok(())
}

fn table(lines: &[Measured]) -> String {
    let rows = rows(lines);
    let mut text = String::from(
        "| cores | workload | system | readings/s, median | lowest to highest | p50 ms | p99 ms | max ms | to the peer |\n\
         |---|---|---|---:|---|---:|---:|---:|---:|\n",
    );
    for row in &rows {
        let ratio =
            peer(row, &rows).map_or(String::new(), |peer| format!("{:.2}", median(&row.rates) / median(&peer.rates)));
        let (low, high) = (row.rates.first().copied().unwrap_or(0.0), row.rates.last().copied().unwrap_or(0.0));
        let number = |values: &[f64]| if values.is_empty() { String::new() } else { format!("{:.1}", median(values)) };
        // Writing into a String cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:.0} | {low:.0} to {high:.0} ({} runs) | {} | {} | {} | {ratio} |",
            row.cores,
            row.workload,
            row.system,
            median(&row.rates),
            row.rates.len(),
            number(&row.p50),
            number(&row.p99),
            number(&row.max),
        );
    }
    text
}

fn rows(lines: &[Measured]) -> Vec<Row> {
    let mut rows: BTreeMap<(String, String, String), Row> = BTreeMap::new();
    for line in lines {
        let key = (line.cores.clone(), line.workload.clone(), line.system.clone());
        let row = rows.entry(key).or_insert_with(|| Row {
            cores: line.cores.clone(),
            system: line.system.clone(),
            workload: line.workload.clone(),
            rates: Vec::new(),
            p50: Vec::new(),
            p99: Vec::new(),
            max: Vec::new(),
        });
        row.rates.push(line.readings as f64 / line.seconds);
        if let Some(latency) = line.latency {
            row.p50.push(latency.p50);
            row.p99.push(latency.p99);
            row.max.push(latency.max);
        }
    }
    rows.into_values()
        .map(|mut row| {
            [&mut row.rates, &mut row.p50, &mut row.p99, &mut row.max]
                .into_iter()
                .for_each(|values| values.sort_by(f64::total_cmp));
            row
        })
        .collect()
}

/// The peer's row on the same cores; for MQTT the same connections and window too.
fn peer<'a>(row: &Row, rows: &'a [Row]) -> Option<&'a Row> {
    if !row.system.starts_with("svod") {
        return None;
    }
    let (own, theirs) = PAIRS.iter().find(|(own, _)| row.workload.starts_with(own))?;
    rows.iter().find(|other| {
        let same = own != theirs || other.workload == row.workload;
        !other.system.starts_with("svod") && other.cores == row.cores && other.workload.starts_with(theirs) && same
    })
}

/// Of sorted values.
fn median(values: &[f64]) -> f64 {
    let half = values.len() / 2;
    match values.len() {
        0 => 0.0,
        length if length % 2 == 1 => values[half],
        _ => f64::midpoint(values[half - 1], values[half]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(workload: &str, system: &str, readings: u64) -> Measured {
        Measured {
            workload: workload.into(),
            system: system.into(),
            cores: "2".into(),
            readings,
            seconds: 1.0,
            latency: None,
        }
    }

    #[test]
    fn medians_and_ratios_to_the_same_workload_of_the_peer() {
        let lines = [
            line("MQTT QoS 1, 1 connection(s)", "svod", 300),
            line("MQTT QoS 1, 1 connection(s)", "svod", 100),
            line("MQTT QoS 1, 1 connection(s)", "svod", 200),
            line("MQTT QoS 1, 1 connection(s)", "peer", 100),
            line("MQTT QoS 1, 9 connection(s)", "peer", 1),
            line("HTTP, batches of 100", "svod", 500),
            line("COPY, batches of 100", "PostgreSQL", 1000),
        ];
        let text = table(&lines);
        let row = |mark: &str| text.lines().find(|line| line.contains(mark)).unwrap().to_owned();
        assert!(row("1 connection(s) | svod").contains("| 200 | 100 to 300 (3 runs) |"), "{text}");
        assert!(row("1 connection(s) | svod").ends_with("| 2.00 |"), "{text}");
        assert!(row("HTTP").ends_with("| 0.50 |"), "{text}");
        assert!(row("| peer").ends_with("|  |"), "{text}");
    }
}
