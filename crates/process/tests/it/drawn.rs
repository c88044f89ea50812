//! Random valid processes, block by block, of every element that the table says runs.

/// The ids of a second version end with it. It sorts before every other sign of an id, so that both have one order.
pub const LATER: &str = ".b";

/// Numbers from a seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() { None } else { from.get(self.roll(from.len() as u64) as usize) }
    }
}

/// A body for `support::xml`. The same seed draws the same process; as a later version each id ends with [`LATER`], and
/// before the end stands one step more.
pub fn body(seed: u64, later: bool) -> String {
    let suffix = if later { LATER } else { "" };
    let mut writer = Writer { dice: Dice(seed), ids: 0, suffix };
    let depth = 1 + writer.dice.roll(3) as u32;
    let other = [
        "<messageEventDefinition messageRef=\"paid\"/>",
        "<signalEventDefinition signalRef=\"alarm\"/>",
        "<timerEventDefinition><timeCycle>R/P1D</timeCycle></timerEventDefinition>",
    ][writer.dice.roll(3) as usize];
    let end = writer.ending(false);
    let mut out = format!(
        "<startEvent id=\"start{suffix}\"/><startEvent id=\"other{suffix}\">{other}</startEvent><exclusiveGateway id=\"join{suffix}\"/><endEvent id=\"end{suffix}\">{end}</endEvent>\n"
    );
    let (first, last) = writer.block(depth, &mut out);
    if writer.dice.roll(3) == 0 {
        writer.event_sub(false, &mut out);
    }
    let way = if later {
        out += &format!("<userTask id=\"n0{suffix}\"/>\n");
        format!("{last} -> n0{suffix} -> end{suffix}")
    } else {
        format!("{last} -> end")
    };
    format!("{out}start{suffix} -> join{suffix} -> {first}\nother{suffix} -> join{suffix}\n{way}\n")
}

struct Writer {
    dice: Dice,
    ids: usize,
    suffix: &'static str,
}

impl Writer {
    fn id(&mut self, letter: &str) -> String {
        self.ids += 1;
        format!("{letter}{}{}", self.ids, self.suffix)
    }

    /// A block; the ids at its two ends.
    fn block(&mut self, depth: u32, out: &mut String) -> (String, String) {
        match self.dice.roll(if depth == 0 { 16 } else { 26 }) {
            16 | 17 => {
                let (a, b) = self.block(depth - 1, out);
                let (c, d) = self.block(depth - 1, out);
                *out += &format!("{b} -> {c}\n");
                (a, d)
            }
            18 => self.split("parallelGateway", depth, out),
            19 => self.split("exclusiveGateway", depth, out),
            20 => self.split("inclusiveGateway", depth, out),
            21 => self.split("complexGateway", depth, out),
            22 => self.race(out),
            23 => self.ad_hoc(out),
            24 | 25 => self.sub(depth, out),
            kind if kind < 7 => self.task(kind, out),
            kind => self.event(kind, out),
        }
    }

    fn task(&mut self, kind: u64, out: &mut String) -> (String, String) {
        let id = self.id("n");
        let many = match self.dice.roll(5) {
            0 => {
                "<multiInstanceLoopCharacteristics svod:collection=\"list\" svod:element=\"item\" svod:output=\"outcomes\"/>"
            }
            1 => {
                "<multiInstanceLoopCharacteristics isSequential=\"true\"><loopCardinality>2</loopCardinality><completionCondition>x > 3</completionCondition></multiInstanceLoopCharacteristics>"
            }
            2 => {
                "<standardLoopCharacteristics loopMaximum=\"2\"><loopCondition>x > 1</loopCondition></standardLoopCharacteristics>"
            }
            _ => "",
        };
        *out += &match kind {
            0 | 1 => format!("<userTask id=\"{id}\">{many}</userTask>\n"),
            2 => format!("<serviceTask id=\"{id}\" svod:service=\"s\" svod:retry=\"R1/PT1M\">{many}</serviceTask>\n"),
            3 => format!(
                "<scriptTask id=\"{id}\" svod:result=\"x\">{many}<script>if x > 4 then 0 else x + 1</script></scriptTask>\n"
            ),
            4 => format!("<receiveTask id=\"{id}\" messageRef=\"paid\">{many}</receiveTask>\n"),
            5 => format!(
                "<businessRuleTask id=\"{id}\" svod:decision=\"a.dmn#A\" svod:result=\"x\">{many}</businessRuleTask>\n"
            ),
            _ => format!("<callActivity id=\"{id}\" calledElement=\"q\">{many}</callActivity>\n"),
        };
        if (kind < 3 || kind == 6) && self.dice.roll(2) == 0 {
            self.border(&id, out);
        }
        (id.clone(), id)
    }

    /// An event on the way, or a task that only tells something.
    fn event(&mut self, kind: u64, out: &mut String) -> (String, String) {
        let id = self.id("n");
        let (tag, inside) = match kind {
            7 => (
                "intermediateCatchEvent",
                "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>",
            ),
            8 => ("intermediateCatchEvent", "<signalEventDefinition signalRef=\"alarm\"/>"),
            9 => ("intermediateCatchEvent", "<messageEventDefinition messageRef=\"paid\"/>"),
            10 => (
                "intermediateCatchEvent",
                "<conditionalEventDefinition><condition>x > 2</condition></conditionalEventDefinition>",
            ),
            11 => ("intermediateThrowEvent", self.tells()),
            12 => ("intermediateThrowEvent", "<compensateEventDefinition/>"),
            13 => return self.link(&id, out),
            14 => {
                *out += &format!("<sendTask id=\"{id}\" messageRef=\"reply\"/>\n");
                return (id.clone(), id);
            }
            _ => ("intermediateThrowEvent", ""),
        };
        *out += &format!("<{tag} id=\"{id}\">{inside}</{tag}>\n");
        (id.clone(), id)
    }

    fn link(&mut self, id: &str, out: &mut String) -> (String, String) {
        let there = self.id("k");
        *out += &format!(
            "<intermediateThrowEvent id=\"{id}\"><linkEventDefinition name=\"{id}\"/></intermediateThrowEvent><intermediateCatchEvent id=\"{there}\"><linkEventDefinition name=\"{id}\"/></intermediateCatchEvent>\n"
        );
        (id.to_owned(), there)
    }

    /// What a throwing event or an end tells.
    fn tells(&mut self) -> &'static str {
        match self.dice.roll(3) {
            0 => "<messageEventDefinition messageRef=\"reply\"/>",
            1 => "<signalEventDefinition signalRef=\"alarm\"/>",
            _ => "<escalationEventDefinition escalationRef=\"late\"/>",
        }
    }

    fn ending(&mut self, transaction: bool) -> &'static str {
        match self.dice.roll(10) {
            0 => "<errorEventDefinition errorRef=\"bad\"/>",
            1 => "<terminateEventDefinition/>",
            2 => "<compensateEventDefinition/>",
            3 | 4 if transaction => "<cancelEventDefinition/>",
            3..=5 => self.tells(),
            _ => "",
        }
    }

    /// An event on the border of an activity, which leads to an end of its own or undoes it.
    fn border(&mut self, on: &str, out: &mut String) {
        let (id, end) = (self.id("b"), self.id("e"));
        let interrupts = self.dice.roll(2) == 0;
        let definition = match self.dice.roll(7) {
            0 => "<timerEventDefinition><timeDuration>PT30M</timeDuration></timerEventDefinition>",
            1 => "<messageEventDefinition messageRef=\"paid\"/>",
            2 => "<conditionalEventDefinition><condition>x > 2</condition></conditionalEventDefinition>",
            3 => "<escalationEventDefinition/>",
            4 => "<signalEventDefinition signalRef=\"alarm\"/>",
            5 => {
                let undo = self.id("u");
                *out += &format!(
                    "<boundaryEvent id=\"{id}\" attachedToRef=\"{on}\"><compensateEventDefinition/></boundaryEvent><userTask id=\"{undo}\" isForCompensation=\"true\"/><association id=\"as{id}\" sourceRef=\"{id}\" targetRef=\"{undo}\"/>\n"
                );
                return;
            }
            _ => {
                *out += &format!(
                    "<boundaryEvent id=\"{id}\" attachedToRef=\"{on}\"><errorEventDefinition/></boundaryEvent><endEvent id=\"{end}\"/>\n{id} -> {end}\n"
                );
                return;
            }
        };
        let told = if self.dice.roll(3) == 0 { self.tells() } else { "" };
        *out += &format!(
            "<boundaryEvent id=\"{id}\" attachedToRef=\"{on}\" cancelActivity=\"{interrupts}\">{definition}</boundaryEvent><endEvent id=\"{end}\">{told}</endEvent>\n{id} -> {end}\n"
        );
    }

    fn split(&mut self, tag: &str, depth: u32, out: &mut String) -> (String, String) {
        let (open, close) = (self.id("g"), self.id("j"));
        let ways: Vec<_> = (0..2 + self.dice.roll(2)).map(|_| self.block(depth - 1, out)).collect();
        let default =
            if tag == "parallelGateway" { String::new() } else { format!(" default=\"{open}-{}\"", ways[0].0) };
        let enough = if tag == "complexGateway" {
            let count = 1 + self.dice.roll(ways.len() as u64);
            format!("><activationCondition>activationCount >= {count}</activationCondition></{tag}>")
        } else {
            "/>".to_owned()
        };
        *out += &format!("<{tag} id=\"{open}\"{default}/><{tag} id=\"{close}\"{enough}\n");
        for (n, (first, last)) in ways.iter().enumerate() {
            let condition = if n == 0 || default.is_empty() { String::new() } else { format!(" : x > {n}") };
            *out += &format!("{open} -> {first}{condition}\n{last} -> {close}\n");
        }
        (open, close)
    }

    fn race(&mut self, out: &mut String) -> (String, String) {
        let (open, a, b, close) = (self.id("g"), self.id("c"), self.id("c"), self.id("j"));
        let second = match self.dice.roll(3) {
            0 => "<timerEventDefinition><timeDuration>PT2H</timeDuration></timerEventDefinition>",
            1 => "<signalEventDefinition signalRef=\"alarm\"/>",
            _ => "<conditionalEventDefinition><condition>x > 2</condition></conditionalEventDefinition>",
        };
        *out += &format!(
            "<eventBasedGateway id=\"{open}\"/><exclusiveGateway id=\"{close}\"/><receiveTask id=\"{a}\" messageRef=\"paid\"/><intermediateCatchEvent id=\"{b}\">{second}</intermediateCatchEvent>\n{open} -> {a} -> {close}\n{open} -> {b} -> {close}\n"
        );
        (open, close)
    }

    fn ad_hoc(&mut self, out: &mut String) -> (String, String) {
        let (id, a, b) = (self.id("h"), self.id("n"), self.id("n"));
        let order = if self.dice.roll(2) == 0 { "ordering=\"Sequential\"" } else { "" };
        let rule = if self.dice.roll(2) == 0 { "<completionCondition>x > 1</completionCondition>" } else { "" };
        *out += &format!(
            "<adHocSubProcess id=\"{id}\" {order}>{rule}<userTask id=\"{a}\"/><task id=\"{b}\"/></adHocSubProcess>\n"
        );
        (id.clone(), id)
    }

    fn sub(&mut self, depth: u32, out: &mut String) -> (String, String) {
        let (id, start, end) = (self.id("p"), self.id("s"), self.id("e"));
        let mut inside = String::new();
        let (first, last) = self.block(depth - 1, &mut inside);
        let transaction = self.dice.roll(3) == 0;
        let definition = self.ending(transaction);
        let tag = if transaction { "transaction" } else { "subProcess" };
        let many = if self.dice.roll(4) == 0 {
            "<multiInstanceLoopCharacteristics svod:collection=\"list\" svod:element=\"item\"/>"
        } else {
            ""
        };
        *out += &format!(
            "<{tag} id=\"{id}\">{many}<startEvent id=\"{start}\"/><endEvent id=\"{end}\">{definition}</endEvent>\n{inside}\n{start} -> {first}\n{last} -> {end}\n"
        );
        if self.dice.roll(2) == 0 {
            self.event_sub(true, out);
        }
        *out += &format!("</{tag}>\n");
        if transaction {
            let (cancel, other) = (self.id("b"), self.id("e"));
            *out += &format!(
                "<boundaryEvent id=\"{cancel}\" attachedToRef=\"{id}\"><cancelEventDefinition/></boundaryEvent><endEvent id=\"{other}\"/>\n{cancel} -> {other}\n"
            );
        }
        self.border(&id, out);
        if self.dice.roll(3) > 0 {
            return (id.clone(), id);
        }
        let undoes = self.id("n");
        *out += &format!(
            "<intermediateThrowEvent id=\"{undoes}\"><compensateEventDefinition/></intermediateThrowEvent>\n{id} -> {undoes}\n"
        );
        (id, undoes)
    }

    /// An event sub-process; what undoes stands inside of a sub-process only.
    fn event_sub(&mut self, inside: bool, out: &mut String) {
        let (id, start, task, end) = (self.id("p"), self.id("s"), self.id("n"), self.id("e"));
        let interrupts = self.dice.roll(2) == 0;
        let (definition, interrupts) = match self.dice.roll(10) {
            0 => ("<messageEventDefinition messageRef=\"paid\"/>", interrupts),
            1 => ("<timerEventDefinition><timeCycle>R2/PT1H</timeCycle></timerEventDefinition>", interrupts),
            2 => ("<conditionalEventDefinition><condition>x > 3</condition></conditionalEventDefinition>", interrupts),
            3 | 4 => ("<escalationEventDefinition escalationRef=\"late\"/>", interrupts),
            5 => ("<signalEventDefinition signalRef=\"alarm\"/>", interrupts),
            6 | 7 if inside => ("<compensateEventDefinition/>", true),
            _ => ("<errorEventDefinition/>", true),
        };
        let told = if self.dice.roll(4) == 0 { self.tells() } else { "" };
        *out += &format!(
            "<subProcess id=\"{id}\" triggeredByEvent=\"true\"><startEvent id=\"{start}\" isInterrupting=\"{interrupts}\">{definition}</startEvent><userTask id=\"{task}\"/><endEvent id=\"{end}\">{told}</endEvent>\n{start} -> {task} -> {end}\n</subProcess>\n"
        );
    }
}
