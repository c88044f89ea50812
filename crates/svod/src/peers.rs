//! Other brokers, through the outbound rules.

use svod_ngsi_ld::sources::peers::{Call, Calling, Peers, Reply, Silence};

use crate::outbound::Outbound;

/// Speaks to other brokers.
pub struct Wires(pub Outbound);

impl Peers for Wires {
    fn call(&self, call: Call) -> Calling<'_> {
        Box::pin(async move {
            let Call { method, url, headers, body, timeout } = call;
            let sent = self.0.send(method, &url, &headers, body, timeout).await;
            let answer = sent.map_err(Silence::NoAnswer)?;
            let warnings = answer.headers("ngsild-warning");
            let (status, body) = (answer.status(), answer.body(MAX_BODY).await);
            match body {
                Ok(body) => Ok(Reply { status, warnings, body }),
                Err(why) => Err(Silence::Unreadable(why)),
            }
        })
    }
}

/// Longest answer.
const MAX_BODY: usize = 16 << 20;
