//! What a pilot has is copied to others (E8).

use svod_kernel::{Actor, Urn};
use svod_model::{Attribute, AttributeValue};
use svod_registry::{Operation, Registry, Template, TemplateError};
use svod_store::testing::TestPlace;

use crate::{carry_out, on_both_engines, open, space, thing, urn};

on_both_engines!(a_template_is_copied_and_copied_again);

fn template(from: &str) -> Template {
    Template { from: space(from), types: Vec::new(), dry: false }
}

async fn set(registry: &Registry, urn: Urn, name: &str, value: i64) {
    let set = [(name.to_owned(), Attribute::property(value))].into();
    carry_out(registry, vec![Operation::Patch { urn, expected: None, set, unset: Vec::new() }]).await.unwrap();
}

async fn a_template_is_copied_and_copied_again(place: &TestPlace) {
    let registry = open(place).await;
    let me = Actor::anonymous();
    let link = |to: Urn| Attribute { value: AttributeValue::Object(to), ..Attribute::property(0) };
    let linked = thing("below:2", "a/below").with("near", link(urn("below:1"))).with("far", link(urn("else")));
    let all = [thing("below:1", "a/below"), linked, thing("else", "a")].map(Operation::Create);
    carry_out(&registry, all.into()).await.unwrap();
    let copy = async |template: &Template, to: &str| registry.copy_template(&me, template, &space(to)).await.unwrap();

    // What is called like a copy to be, in another tree, is another entity.
    carry_out(&registry, vec![Operation::Create(thing("b:1", "a"))]).await.unwrap();
    let dry = copy(&Template { dry: true, ..template("a/below") }, "b").await;
    assert_eq!(
        (dry.made, registry.entity_in(&me, Some(&space("b")), &urn("b:1")).await.is_ok()),
        (2, false),
        "only said"
    );
    assert_eq!(copy(&template("a/below"), "b").await.made, 2);
    let second = registry.entity(&me, &urn("b:2")).await.unwrap();
    assert_eq!((second.object("near"), second.object("far")), (Some(&urn("b:1")), Some(&urn("else"))));
    assert_eq!(second.space, space("b"));
    let again = copy(&template("a/below"), "b").await;
    assert_eq!((again.same, again.made, again.renewed), (2, 0, 0));

    set(&registry, urn("below:1"), "n", 5).await;
    set(&registry, urn("below:2"), "n", 6).await;
    set(&registry, urn("b:2"), "n", 7).await;
    let third = copy(&template("a/below"), "b").await;
    assert_eq!((third.renewed, third.kept), (1, vec![urn("b:2")]), "what was changed since stays as it is");
    let number = async |of: Urn| registry.entity_in(&me, Some(&space("b")), &of).await.unwrap().number("n");
    let other = registry.entity_in(&me, Some(&space("a")), &urn("b:1")).await.unwrap();
    assert_eq!((other.version, other.number("n")), (1, Some(1.0)));
    assert_eq!((number(urn("b:1")).await, number(urn("b:2")).await), (Some(5.0), Some(7.0)));

    let none = copy(&Template { types: vec!["Other".into()], ..template("a/below") }, "b").await;
    assert_eq!(none, svod_registry::Copied::default());
    for (to, why) in [("a", "around it"), ("a/below", "itself")] {
        let refused = registry.copy_template(&me, &template("a/below"), &space(to)).await;
        assert!(matches!(refused, Err(TemplateError::Overlap(_))), "{why}");
    }
    assert!(matches!(
        registry.copy_template(&me, &template("a/below"), &space("c")).await,
        Err(TemplateError::Query(_))
    ));
}
