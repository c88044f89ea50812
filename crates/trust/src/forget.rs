//! Traces have an end as well: those of long ago that nobody examines or objects to.

use svod_kernel::{Actor, Timestamp, Urn};
use svod_query::{Compare, Filter, Operand, Operation as Op, Order, Path, Query, Types};
use svod_registry::{Find, QueryError};

use crate::Trust;
use crate::lists::{List, tops};

impl Trust {
    /// Accesses that ended before a moment, the oldest first, at most so many; but those that the security officer has yet to
    /// review, and those that somebody objects to.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn over(&self, before: Timestamp, most: usize) -> Result<Vec<Urn>, QueryError> {
        let platform = Actor::platform("trust");
        let mut over = Vec::new();
        for space in tops(&self.registry) {
            let find = Find {
                space,
                below: true,
                query: Query { types: Types::Is("Access".to_owned()), filter: Some(ended(before)), ..Query::default() },
                order: vec![Order { path: Path::attribute("until"), descending: false, from: None, collation: None }],
                offset: 0,
                limit: most.saturating_sub(over.len()),
                count: false,
            };
            if find.limit == 0 {
                break;
            }
            for access in self.registry.find(&platform, &find).await?.entities {
                let with = [("access", access.id.as_str())];
                if self.everywhere(&platform, &List { limit: 1, ..List::of("Objection", &with) }).await?.is_empty() {
                    over.push(access.id.clone());
                }
            }
        }
        Ok(over)
    }
}

fn ended(before: Timestamp) -> Filter {
    let compare = |name: &str, operation, operand| {
        Filter::Compare(Compare { path: Path::attribute(name), operation, operands: vec![operand] })
    };
    let reviewed = compare("review", Op::NotEqual, Operand::Text("open".to_owned()));
    Filter::All(vec![
        compare("until", Op::Less, Operand::Moment(before)),
        Filter::Any(vec![Filter::Missing(Path::attribute("review")), reviewed]),
    ])
}
