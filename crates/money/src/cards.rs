//! Cards to which people are paid. The platform never sees the number of one: a person shows their card to the provider, on its page,
//! and what comes back is a token that is good for this person alone, and the last four digits to know it by.

use sha2::{Digest as _, Sha256};
use svod_kernel::{Actor, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Action, Change, Command, EntityQuery, Operation, QueryError};

use crate::provider::CardToken;
use crate::sandbox::token;
use crate::{Money, MoneyError, SANDBOX};

/// Its type.
pub(crate) const KIND: &str = "PayoutCard";
/// Cards of one person at the most.
const MOST: usize = 10;
/// Cards read at once.
const PAGE: usize = 100;
/// Longest token, in characters.
const LONGEST: usize = 128;
/// How many digits a card's number may have.
const NUMBERS: std::ops::RangeInclusive<usize> = 12..=19;

/// By what a provider knows a person: nothing that says who they are, and another thing with each provider.
pub(crate) fn holder(person: &Urn, provider: &str) -> String {
    let digest = Sha256::digest(format!("holder {provider} {person}").as_bytes());
    digest.iter().take(16).map(|b| format!("{b:02x}")).collect()
}

/// A token that can be kept, and is no number of a card that somebody gives in its place.
fn is_token(text: &str) -> bool {
    let graphic = !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|b| b.is_ascii_graphic());
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let number = NUMBERS.contains(&digits) && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    graphic && !number
}

impl Money {
    /// The cards of whoever's affairs the actor is in here, the latest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn cards(&self, actor: &Actor) -> Result<Vec<Entity>, MoneyError> {
        let Ok(person) = actor.subject().parse::<Urn>() else { return Ok(Vec::new()) };
        let mut all = Vec::new();
        for top in self.tops() {
            let query = EntityQuery { limit: PAGE, ..EntityQuery::of(top, &[KIND]) };
            all.extend(self.all(actor, query.with("person", person.as_str())).await?);
        }
        all.retain(|card| card.object("person").is_some_and(|p| actor.owns(p, KIND)));
        all.sort_by_key(|card| std::cmp::Reverse(card.time("addedAt")));
        Ok(all)
    }

    /// Where the actor shows the provider a card of whoever's affairs they are in; they come back to `back`, an absolute address, with
    /// `token` in its query.
    ///
    /// # Errors
    /// Not found for who is nobody here; a provider that knows no cards, or is away.
    pub async fn show_card(&self, actor: &Actor, back: &str) -> Result<String, MoneyError> {
        let person = self.payee(actor).await?;
        let provider = self.first()?;
        Ok(provider.card_page(&holder(&person.id, provider.id()), back).await?)
    }

    /// Keeps a card by the token that the provider has given for whoever's affairs the actor is in. The card; kept twice, it is one.
    ///
    /// # Errors
    /// [`MoneyError::Field`] for what is no token; [`MoneyError::Provider`] for one that the provider has not given for them;
    /// [`MoneyError::TooManyCards`].
    pub async fn keep_card(&self, actor: &Actor, token: &str) -> Result<Urn, MoneyError> {
        let token = token.trim();
        if !is_token(token) {
            return Err(MoneyError::Field { field: "token", fix: "show the card to the provider, on its page" });
        }
        let person = self.payee(actor).await?;
        let provider = self.first()?;
        let holder = holder(&person.id, provider.id());
        let last = provider.card_digits(CardToken { holder: &holder, token }).await?;
        if last.len() != 4 || !last.bytes().all(|b| b.is_ascii_digit()) {
            return Err(crate::ProviderError::Unclear("it tells no last four digits of the card".to_owned()).into());
        }
        let id: String = Sha256::digest(format!("{} {holder} {token}", provider.id()).as_bytes())
            .iter()
            .take(16)
            .map(|b| format!("{b:02x}"))
            .collect();
        let wrong = |_| MoneyError::Field { field: "token", fix: "show the card to the provider, on its page" };
        let urn = Urn::svod("payout-card", &id).map_err(wrong)?;
        let kept = self.cards(actor).await?;
        if kept.iter().any(|card| card.id == urn) {
            return Ok(urn);
        }
        if kept.len() >= MOST {
            return Err(MoneyError::TooManyCards(MOST));
        }
        let text = |value: &str| Attribute::property(value);
        let card = Entity::new(urn.clone(), KIND, person.space.clone())
            .with("name", text(&format!("•••• {last}")))
            .with("person", Attribute::object(person.id))
            .with("provider", text(provider.id()))
            .with("token", text(token))
            .with("addedAt", text(&self.0.registry.clock().now().to_string()));
        self.declare(actor, Change::verb(Operation::Upsert(card), Action::Declare, "create")).await?;
        Ok(urn)
    }

    /// Forgets a card of one's own.
    ///
    /// # Errors
    /// Not found for another's; [`MoneyError::CardInUse`] while a payout to it is under way: its provider may have to be asked for it
    /// once more.
    pub async fn forget_card(&self, actor: &Actor, card: &Urn) -> Result<(), MoneyError> {
        let nothing = || MoneyError::from(QueryError::NotFound(card.to_string()));
        let found = self.known(card, KIND).await?;
        let person = found.object("person").filter(|p| actor.owns(p, KIND)).ok_or_else(nothing)?;
        for top in self.tops() {
            let under_way = self.payments_with(&top, &[("person", person.as_str()), ("status", "pending")]).await?;
            if under_way.iter().any(|payment| payment.object("card") == Some(&found.id)) {
                return Err(MoneyError::CardInUse);
            }
        }
        let delete = Operation::Delete { urn: found.id.clone(), expected: None };
        self.declare(actor, Change::verb(delete, Action::Declare, "delete")).await
    }

    /// Who keeps or forgets a card does it themselves: the journal says who, and for whom.
    async fn declare(&self, actor: &Actor, change: Change) -> Result<(), MoneyError> {
        let command = Command { ground: "card".to_owned(), changes: vec![change], ..Command::default() };
        self.0.registry.execute(actor, command).await?;
        Ok(())
    }

    /// The token that the sandbox gives the actor for a card with these last digits: its page has nothing else.
    ///
    /// # Errors
    /// Not found where there is no sandbox; [`MoneyError::Field`] for what are not four digits.
    pub async fn sandbox_card(&self, actor: &Actor, last: &str) -> Result<String, MoneyError> {
        self.provider(SANDBOX)?;
        if last.len() != 4 || !last.bytes().all(|b| b.is_ascii_digit()) {
            return Err(MoneyError::Field { field: "last", fix: "give the last four digits" });
        }
        let person = self.payee(actor).await?;
        Ok(token(&holder(&person.id, SANDBOX), last))
    }

    async fn payee(&self, actor: &Actor) -> Result<Entity, MoneyError> {
        let nobody = || MoneyError::from(QueryError::NotFound(actor.subject().to_owned()));
        let urn = actor.subject().parse::<Urn>().map_err(|_| nobody())?;
        let own = actor.owns(&urn, KIND);
        let person = self.0.registry.entity(actor, &urn).await?;
        if own { Ok(person) } else { Err(nobody()) }
    }

    /// The card of a payout, which must be of whoever is paid.
    pub(crate) async fn card_of(&self, card: &Urn, person: &Urn) -> Result<Entity, MoneyError> {
        match self.known(card, KIND).await {
            Ok(found) if found.object("person") == Some(person) => Ok(found),
            Ok(_) | Err(MoneyError::Query(QueryError::NotFound(_))) => Err(MoneyError::NoCard),
            Err(e) => Err(e),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_card_is_no_token() {
        for number in ["4111111111111111", "4111-1111-1111-1111", "", "a b", &"x".repeat(129)] {
            assert!(!is_token(number), "{number}");
        }
        assert!(is_token("tok_4f2a8c11") && is_token("sandbox-4242-0f0f0f0f0f0f0f0f0f0f0f0f"));
    }

    #[test]
    fn a_holder_is_known_to_one_provider() {
        let person: Urn = "urn:svod:person:1".parse().unwrap();
        assert_ne!(holder(&person, "a"), holder(&person, "b"));
        assert!(!holder(&person, "a").contains("person"));
    }
}
