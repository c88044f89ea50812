use std::sync::Arc;
use std::time::Duration;

use svod_kernel::{Actor, SpacePath, Timestamp};
use svod_registry::{Action, ResourceRef};
use tokio::sync::broadcast;

use crate::Twin;
use crate::state::geometry_of;

/// Time between frames: a map shows a change within a fifth of a second, and any flood of readings costs five frames.
pub const FRAME: Duration = Duration::from_millis(200);

/// Entities in one chunk of the first picture.
const SNAPSHOT_CHUNK: usize = 500;

/// What changed since the frame before.
#[derive(Debug, Default)]
pub struct Frame {
    /// When it was made.
    pub at: Timestamp,
    /// Each changed entity: who may see it, and its JSON.
    pub entities: Vec<(ResourceRef, Arc<str>)>,
    /// Each entity that is gone: who might have seen it, and its id.
    pub removed: Vec<(ResourceRef, String)>,
}

impl Twin {
    /// Frames from now on. A receiver that lags must take a new [`Twin::snapshot`].
    pub fn frames(&self) -> broadcast::Receiver<Arc<Frame>> {
        self.frames.subscribe()
    }

    /// Makes a frame of what changed and sends it to the maps; nothing when nobody looks or nothing changed.
    pub(crate) fn flush(&self) {
        let catalogue = self.registry.catalogue();
        let mut state = self.write();
        if self.frames.receiver_count() == 0 {
            state.dirty.clear();
            state.removed.clear();
            return;
        }
        let (dirty, removed) = (std::mem::take(&mut state.dirty), std::mem::take(&mut state.removed));
        if dirty.is_empty() && removed.is_empty() {
            return;
        }
        let mut frame = Frame { at: self.registry.clock().now(), ..Frame::default() };
        for urn in &dirty {
            let Some(live) = state.entities.get(urn) else { continue };
            let geometry = geometry_of(&catalogue, &live.entity.kind);
            let json = live.json(&catalogue.metamodel, &geometry);
            frame.entities.push((self.registry.resource_of(&live.entity), json.into()));
        }
        drop(state);
        frame.removed = removed.iter().map(|e| (self.registry.resource_of(e), e.id.to_string())).collect();
        let _ = self.frames.send(Arc::new(frame)); // nobody looking any more is fine
    }

    /// Everything on the map of a space that the actor may see, in chunks of JSON arrays' insides.
    pub fn snapshot(&self, actor: &Actor, space: &SpacePath) -> Vec<Vec<Arc<str>>> {
        let catalogue = self.registry.catalogue();
        let state = self.read();
        let mut seen: Vec<Arc<str>> = Vec::new();
        for live in state.entities.values() {
            if !space.covers(&live.entity.space)
                || !self.registry.may(actor, Action::Read, &self.registry.resource_of(&live.entity))
            {
                continue;
            }
            let geometry = geometry_of(&catalogue, &live.entity.kind);
            if live.place(&geometry).is_some() {
                seen.push(live.json(&catalogue.metamodel, &geometry).into());
            }
        }
        seen.chunks(SNAPSHOT_CHUNK).map(<[Arc<str>]>::to_vec).collect()
    }
}
