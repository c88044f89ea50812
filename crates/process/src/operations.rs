//! What service tasks can ask the platform for.

/// Operations that every installation has, by the name that `svod:service` gives: those of the graph, of the case, of
/// messages, of registers, of money, of exchange with other systems. An installation may have connectors with others.
pub const OPERATIONS: [&str; 17] = [
    "entity.create",
    "entity.update",
    "entity.delete",
    "entity.get",
    "entity.find",
    "case.update",
    "case.pause",
    "case.resume",
    "decision.record",
    "decision.review",
    "message.send",
    "register.number",
    "money.accrue",
    "money.cancel",
    "money.refund",
    "money.payout",
    "exchange.call",
];
