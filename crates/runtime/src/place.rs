//! Where a case lies: with its applicant, or where the thing is that it is about, so that those who answer there see it; and which
//! body that is.

use std::sync::Arc;

use serde_json::{Map, Value};
use svod_kernel::{Actor, SpacePath, Urn};
use svod_model::Entity;
use svod_process::Expression;
use svod_registry::{EntityQuery, QueryError, Registry};
use svod_store::{Conn, Store, file};

use crate::applications::{ApplicationError, Service};
use crate::cases::plain;
use crate::territory::Territories;

/// Signs of the number of a case, its hyphen not counted.
const SIGNS_OF_NUMBER: usize = 8;

/// The space of a case that is about to begin: what the service's `place` names, a thing or a space, where that is there; else the
/// applicant's.
///
/// # Errors
/// [`ApplicationError::Elsewhere`] when it lies in another region than the applicant, or where the service is not offered; when
/// something cannot be read.
pub(crate) async fn place_of(
    registry: &Registry,
    service: &Service,
    applicant: &Entity,
    answers: Option<&Map<String, Value>>,
) -> Result<SpacePath, ApplicationError> {
    let Some(space) = named(registry, service, applicant, answers).await? else { return Ok(applicant.space.clone()) };
    let pilot = &service.spec.pilot;
    let offered = service.top.as_ref().is_none_or(|top| top.covers(&space))
        && (pilot.is_empty() || pilot.iter().any(|tried| tried.covers(&space)));
    if offered && space.top() == applicant.space.top() { Ok(space) } else { Err(ApplicationError::Elsewhere(space)) }
}

/// The space that `place` names; none where it names nothing that is there.
async fn named(
    registry: &Registry,
    service: &Service,
    applicant: &Entity,
    answers: Option<&Map<String, Value>>,
) -> Result<Option<SpacePath>, ApplicationError> {
    let Some(place) = &service.spec.place else { return Ok(None) };
    let applicant = plain(applicant);
    let seen = |name: &str| match name {
        "applicant" => Some(applicant.clone()),
        name => answers.and_then(|all| all.get(name).cloned()),
    };
    let found = Expression::compile(place).map_err(|(why, _)| why).and_then(|place| place.evaluate(seen));
    let text = match found {
        Ok(Value::String(text)) => text,
        Ok(_) => return Ok(None),
        Err(why) => {
            tracing::warn!(
                service = service.key(),
                why,
                "the place of a case is not known; it lies with its applicant"
            );
            return Ok(None);
        }
    };
    if let Ok(space) = text.parse::<SpacePath>() {
        return Ok(registry.spaces().get(&space).map(|s| s.path.clone()));
    }
    let Ok(urn) = text.parse::<Urn>() else { return Ok(None) };
    match registry.entity(&Actor::platform("runtime"), &urn).await {
        Ok(thing) => Ok(Some(thing.space)),
        Err(QueryError::NotFound(_)) => Ok(None),
        Err(e) => Err(e.into()),
    }
}

/// Files that were held for a case where its applicant is go to where it lies.
///
/// # Errors
/// When the store fails; what is left is brought by the sweep of files.
pub(crate) async fn bring_files(
    (registry, store): (&Registry, &Store),
    case: &Urn,
    applicant: &Entity,
) -> Result<(), ApplicationError> {
    let case = registry.entity(&Actor::platform("runtime"), case).await?;
    let tree = registry.spaces();
    let id = |path: &SpacePath| tree.get(path).map(|s| s.id);
    let (Some(from), Some(to)) = (id(&applicant.space), id(&case.space)) else { return Ok(()) };
    if from != to {
        let owner = case.id.to_string();
        store.write(move |conn: &mut dyn Conn| file::bring(conn, (from, to), &owner)).await?;
    }
    Ok(())
}

/// The body that answers for the subject in a space.
pub(crate) async fn body(registry: &Registry, subject: &str, space: &SpacePath) -> Result<Option<Urn>, QueryError> {
    let platform = Actor::platform("runtime");
    let mut all = Vec::new();
    for above in space.lineage() {
        let mut query = EntityQuery { below: false, limit: 1_000, ..EntityQuery::of(above, &["Body"]) };
        loop {
            let page = registry.query(&platform, query.clone()).await?;
            all.extend(page.items.into_iter().map(Arc::new));
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
    }
    Ok(Territories::new(&all).answerable(subject, None, space).map(|a| a.body))
}

/// The number of a case: the last eight signs of its identifier, in two groups, as people read them out on the telephone. What
/// events begin ends in a mark of the service and the person, the same each time: there the whole identifier gives the signs.
pub(crate) fn number_of(urn: &Urn) -> String {
    let local = urn.local();
    let marked =
        local.rsplit_once('-').is_some_and(|(_, mark)| mark.len() == 16 && mark.bytes().all(|b| b.is_ascii_hexdigit()));
    let id: Vec<char> = if marked { signs(svod_query::keys::hash(local)).to_vec() } else { local.chars().collect() };
    let (a, b) = id[id.len().saturating_sub(8)..].split_at(id.len().min(8) / 2);
    [a, &['-'], b].concat().into_iter().collect::<String>().to_uppercase()
}

/// The numbers of cases that somebody may mean by what they typed: as it stands, in capitals; and, where it has eight signs, in two
/// groups with the letters that look like others put right: in small letters or large, Latin or Cyrillic, with or without a hyphen.
pub fn numbers_meant(typed: &str) -> Vec<String> {
    let plain = typed.trim().to_uppercase();
    let meant: Vec<char> = plain.chars().filter(|c| c.is_alphanumeric()).map(meant).collect();
    let written = (meant.len() == SIGNS_OF_NUMBER && meant.iter().all(char::is_ascii_alphanumeric)).then(|| {
        let (a, b) = meant.split_at(SIGNS_OF_NUMBER / 2);
        [a, &['-'], b].concat().into_iter().collect::<String>()
    });
    let written = written.filter(|written| *written != plain);
    std::iter::once(plain).filter(|plain| !plain.is_empty()).chain(written).collect()
}

/// The sign that looks like a letter, where numbers have that one (Crockford's base 32 reads O as 0, I and L as 1).
const fn meant(c: char) -> char {
    match c {
        'O' | 'О' => '0',
        'I' | 'L' | 'І' => '1',
        'А' => 'A',
        'В' => 'B',
        'С' => 'C',
        'Е' => 'E',
        'Н' => 'H',
        'К' => 'K',
        'М' => 'M',
        'Р' => 'P',
        'Т' => 'T',
        'Х' => 'X',
        'У' => 'Y',
        c => c,
    }
}

/// Eight signs of a number, none of them like another (Crockford's base 32).
fn signs(mut number: u64) -> [char; 8] {
    const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    std::array::from_fn(|_| {
        let sign = SIGNS[(number & 31) as usize];
        number >>= 5;
        char::from(sign)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_that_events_began_for_one_person_have_numbers_of_their_own() {
        let number = |event: &str| number_of(&Urn::svod("case", &format!("{event}-00c0ffee2704dd42")).unwrap());
        assert_eq!(number("01mb09jhc04j").len(), 9);
        assert_ne!(number("01mb09jhc04j"), number("01mb09jhc04k"));
        assert_eq!(number("01mb09jhc04j"), number("01mb09jhc04j"));
    }

    #[test]
    fn a_number_is_understood_however_it_is_typed() {
        for typed in ["ABC0-1XYZ", "abc0-1xyz", " abc01xyz ", "ABC0 1XYZ", "abc0–1xyz", "АВСО-IХУZ", "№ abco lxyz"]
        {
            assert!(numbers_meant(typed).contains(&"ABC0-1XYZ".to_owned()), "{typed}: {:?}", numbers_meant(typed));
        }
        // A number that has such a letter all the same is found as it stands.
        assert_eq!(numbers_meant("demo-0001"), ["DEMO-0001", "DEM0-0001"]);
        assert_eq!(numbers_meant("Кирова 12"), ["КИРОВА 12"]);
        assert!(numbers_meant("  ").is_empty());
    }

    #[test]
    fn a_case_has_one_number_whatever_its_identifier() {
        for (id, number) in [("0198c2f4abcd1234", "ABCD-1234"), ("abc", "A-BC"), ("ребёнок-1", "ЕБЁН-ОК-1")]
        {
            assert_eq!(number_of(&Urn::svod("case", id).unwrap()), number);
        }
    }
}
