/** What Svod adds to BPMN (docs/processes.md), as bpmn-js reads, edits and writes it: namespace `urn:svod:bpmn`. */
const text = (name: string): object => ({ name, isAttr: true, type: "String" });

const extended = (name: string, on: string[], attributes: string[]): object => ({
  name,
  extends: on.map((type) => `bpmn:${type}`),
  properties: attributes.map(text),
});

const mapping = (name: string): object => ({
  name,
  superClass: ["Element"],
  properties: [text("name"), text("value")],
});

export const svod = {
  name: "Svod",
  uri: "urn:svod:bpmn",
  prefix: "svod",
  xml: { tagAlias: "lowerCase" },
  types: [
    extended("OfProcess", ["Process"], ["businessKey"]),
    extended("OfData", ["DataObject"], ["variable", "value"]),
    extended("Done", ["UserTask", "Lane"], ["role"]),
    extended("Asked", ["UserTask"], ["form", "body", "deadline"]),
    extended("Timed", ["UserTask", "Event"], ["calendar"]),
    extended("Called", ["ServiceTask"], ["service", "retry"]),
    extended("Decided", ["BusinessRuleTask"], ["decision"]),
    extended("Told", ["SendTask", "ReceiveTask", "Event", "Message"], ["correlation"]),
    extended("Kept", ["Activity", "Event"], ["result"]),
    extended("Begun", ["AdHocSubProcess"], ["activate"]),
    extended("Repeated", ["MultiInstanceLoopCharacteristics"], ["collection", "element", "output", "value"]),
    mapping("Input"),
    mapping("Output"),
  ],
};
