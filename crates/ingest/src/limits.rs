/// Bounds of the pipeline.
#[derive(Debug, Clone)]
pub struct IngestLimits {
    /// Weight of all messages in flight; a message weighs one and one more per KiB. Over it doors answer "busy": about
    /// 64 MiB of payloads at the worst.
    pub in_flight: u32,
    /// Readings committed together at the most: bounds the time a group commit takes to some tens of milliseconds.
    pub group_readings: usize,
    /// Messages of one batch.
    pub batch_messages: usize,
    /// Bytes of one payload; what the mapping reads.
    pub payload_bytes: usize,
}

impl Default for IngestLimits {
    fn default() -> Self {
        Self {
            in_flight: 65_536,
            group_readings: 2_000,
            batch_messages: 10_000,
            payload_bytes: svod_mapping::MAX_PAYLOAD,
        }
    }
}
