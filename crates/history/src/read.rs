use svod_kernel::{Timestamp, Urn, number};
use svod_store::{Conn, Engine, Row, StoreError, Value};

use crate::History;
use crate::codec::{self, COLUMNS};
use crate::model::{Chart, ChartPoint, LatestRow, Observation, SeriesKey, flags};

impl History {
    /// The newest observation of every series: one seek each, whatever the number of observations. The numbers of the
    /// series are remembered on the way.
    ///
    /// # Errors
    /// As [`svod_store::Store::read`].
    pub async fn latest(&self) -> Result<Vec<LatestRow>, StoreError> {
        let rows = self.store.read(|conn| newest(conn)).await?;
        self.remember(rows.iter().map(|row| (row.key.clone(), row.series)));
        Ok(rows)
    }

    /// A chart of the numbers observed from `from` to before `to`, all devices of the attribute together: every
    /// observation when there are at most `max_points`, otherwise at most so many stretches of time of equal width.
    ///
    /// # Errors
    /// As [`svod_store::Store::read`].
    pub async fn range(
        &self,
        space: i64,
        urn: &Urn,
        attribute: &str,
        from: Timestamp,
        to: Timestamp,
        max_points: usize,
    ) -> Result<Chart, StoreError> {
        let (urn, attribute) = (urn.as_str().to_owned(), attribute.to_owned());
        let most = i64::try_from(max_points.max(1)).unwrap_or(i64::MAX - 1);
        self.store
            .read(move |conn| {
                let series = series_of(conn, space, &urn, &attribute)?;
                if series.is_empty() || from >= to {
                    return Ok(Chart::default());
                }
                let within = Within::new(space, &series, from, to);
                let points = within.raw(conn, most + 1)?;
                if number::count(points.len()) <= most {
                    return Ok(Chart { points, width: 0 });
                }
                within.buckets(conn, most)
            })
            .await
    }

    /// The last `limit` observations from `from` to before `to`, oldest first, as they are: trails, tables, exports.
    ///
    /// # Errors
    /// As [`svod_store::Store::read`].
    pub async fn points(
        &self,
        space: i64,
        urn: &Urn,
        attribute: &str,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Result<Vec<Observation>, StoreError> {
        let (urn, attribute) = (urn.as_str().to_owned(), attribute.to_owned());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.store
            .read(move |conn| {
                let series = series_of(conn, space, &urn, &attribute)?;
                let mut found: Vec<Observation> = Vec::new();
                // One descending walk of the key for each device; the newest of all together are kept.
                for id in series {
                    let sql = format!(
                        "SELECT {COLUMNS} FROM observation o WHERE o.space = ?1 AND o.series = ?2
                         AND o.at >= ?3 AND o.at < ?4 ORDER BY o.at DESC LIMIT ?5"
                    );
                    let params = [space.into(), id.into(), from.into(), to.into(), limit.into()];
                    conn.each(&sql, &params, &mut |r| {
                        found.push(codec::observation(r, 0)?);
                        Ok(())
                    })?;
                }
                found.sort_by_key(|o| (o.at, o.series));
                let surplus = found.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
                Ok(found.split_off(surplus))
            })
            .await
    }

    /// How many observations there are. Walks the whole table.
    ///
    /// # Errors
    /// As [`svod_store::Store::read`].
    pub async fn count(&self) -> Result<i64, StoreError> {
        self.store
            .read(|conn| conn.first("SELECT count(*) FROM observation", &[])?.map_or(Ok(0), |row| row.int(0)))
            .await
    }
}

fn newest(conn: &mut dyn Conn) -> Result<Vec<LatestRow>, StoreError> {
    // Each engine in the words that make it seek once per series instead of reading all observations: SQLite keeps the
    // order of a CROSS JOIN, PostgreSQL that of a LATERAL one.
    let sql = match conn.engine() {
        Engine::Sqlite => format!(
            "SELECT s.space, s.urn, s.attribute, s.device, {COLUMNS} FROM series s
             CROSS JOIN observation o ON o.space = s.space AND o.series = s.id AND o.at = (
                 SELECT max(m.at) FROM observation m WHERE m.space = s.space AND m.series = s.id)"
        ),
        Engine::Postgres => format!(
            "SELECT s.space, s.urn, s.attribute, s.device, {COLUMNS} FROM series s CROSS JOIN LATERAL (
                 SELECT * FROM observation m WHERE m.space = s.space AND m.series = s.id ORDER BY m.at DESC LIMIT 1) o"
        ),
    };
    let mut rows = Vec::new();
    conn.each(&sql, &[], &mut |r| {
        let observation = codec::observation(r, 4)?;
        let urn = r.text(1)?.parse().map_err(|_| StoreError::Shape("a series has no valid URN".into()))?;
        let key = SeriesKey { space: r.int(0)?, urn, attribute: r.text(2)?, device: r.text(3)? };
        rows.push(LatestRow { key, series: observation.series, observation });
        Ok(())
    })?;
    Ok(rows)
}

fn series_of(conn: &mut dyn Conn, space: i64, urn: &str, attribute: &str) -> Result<Vec<i64>, StoreError> {
    let sql = "SELECT id FROM series WHERE space = ?1 AND urn = ?2 AND attribute = ?3 ORDER BY id";
    conn.query(sql, &[space.into(), urn.into(), attribute.into()])?.iter().map(|r| r.int(0)).collect()
}

/// The numbers of some series in a stretch of time.
struct Within {
    condition: String,
    params: Vec<Value>,
}

impl Within {
    fn new(space: i64, series: &[i64], from: Timestamp, to: Timestamp) -> Self {
        let mut params = vec![space.into(), from.into(), to.into()];
        params.extend(series.iter().map(|id| Value::from(*id)));
        let places: Vec<String> = (4..4 + series.len()).map(|n| format!("?{n}")).collect();
        let condition = format!(
            "space = ?1 AND series IN ({}) AND at >= ?2 AND at < ?3 AND num IS NOT NULL AND num2 IS NULL",
            places.join(", ")
        );
        Self { condition, params }
    }

    /// The values `?n` after those of the condition.
    fn and(&self, more: &[i64]) -> (usize, Vec<Value>) {
        let mut params = self.params.clone();
        params.extend(more.iter().map(|v| Value::from(*v)));
        (self.params.len() + 1, params)
    }

    fn raw(&self, conn: &mut dyn Conn, limit: i64) -> Result<Vec<ChartPoint>, StoreError> {
        let (n, params) = self.and(&[limit]);
        let sql = format!("SELECT at, num, num, num, 1, flags FROM observation WHERE {} LIMIT ?{n}", self.condition);
        let mut points: Vec<ChartPoint> = conn.query(&sql, &params)?.iter().map(point).collect::<Result<_, _>>()?;
        points.sort_by_key(|p| p.at);
        Ok(points)
    }

    fn buckets(&self, conn: &mut dyn Conn, most: i64) -> Result<Chart, StoreError> {
        let sql = format!("SELECT min(at), max(at) FROM observation WHERE {}", self.condition);
        let row = conn.first(&sql, &self.params)?;
        let Some((first, last)) = row.map(|r| Ok::<_, StoreError>((r.int(0)?, r.int(1)?))).transpose()? else {
            return Ok(Chart::default());
        };
        // So wide that `most` of them reach from the first to the last observation.
        let width = last.abs_diff(first) / most.unsigned_abs() + 1;
        let width = i64::try_from(width).map_err(|_| StoreError::Shape("the range of time is too long".into()))?;
        let (n, params) = self.and(&[first, width]);
        let sql = format!(
            "SELECT min(at), min(num), max(num), avg(num), count(*), max(flags & {simulated}) FROM observation
             WHERE {condition} GROUP BY (at - ?{n}) / ?{step} ORDER BY 1",
            condition = self.condition,
            simulated = flags::SIMULATED,
            step = n + 1
        );
        let points = conn.query(&sql, &params)?.iter().map(point).collect::<Result<_, _>>()?;
        Ok(Chart { points, width })
    }
}

fn point(r: &Row) -> Result<ChartPoint, StoreError> {
    Ok(ChartPoint {
        at: r.time(0)?,
        min: r.real(1)?,
        max: r.real(2)?,
        avg: r.real(3)?,
        count: r.int(4)?,
        simulated: r.int(5)? & flags::SIMULATED != 0,
    })
}
