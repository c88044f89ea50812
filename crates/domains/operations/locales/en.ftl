## Packs

packs-title = Packs
packs-lead = What the platform knows and how it decides: types, devices, rules, processes, map layers, texts. A published pack is in force at once, without a restart.
packs-in-force = Packs in force
packs-pack = Pack
packs-version = Version
packs-owner = Owner
packs-space = Territory
packs-every-space = every territory
packs-depends = Builds upon
packs-none = none
packs-types = Types
packs-decisions = Decision files
packs-layers = Map layers
packs-empty-title = No packs
packs-empty-text = Nothing is in force yet. Publish a pack to begin.
packs-size = { $n } KiB
packs-upload-title = Check or publish a pack
packs-files-label = Folder of the pack
packs-files-hint = Choose the folder in which pack.yaml stands. Hidden files are left out. A publication needs a version that was not published before.
packs-check = Check only
packs-publish = Publish
packs-no-files = Choose the folder of the pack.
packs-checked = The pack has no faults
packs-checked-text = { $id } { $version }: { $n ->
    [one] { $n } file
   *[other] { $n } files
}, { $size }. Nothing was published.
packs-fault = { $file }, line { $line }: { $message } [{ $rule }]. To mend it: { $fix }
packs-fault-file = { $file }: { $message } [{ $rule }]. To mend it: { $fix }
packs-faults-more = { $n ->
    [one] … and { $n } fault more.
   *[other] … and { $n } faults more.
}
packs-version-taken = Version { $version } of the pack “{ $id }” is published with other content already. Raise the version.
packs-seed-refused = The pack is in force, but an entity of it was refused: { $detail }
packs-version-bad = Write a version such as 1.2.3.
packs-version-unset = The version in pack.yaml cannot be set: { $detail }
packs-owner-platform = Makers of the platform
packs-actor-platform = The platform at its start
packs-published = Published
packs-publications = Publications
packs-when = When
packs-who = Who
packs-state = State
packs-active = In force
packs-earlier = Earlier
packs-roll-back = Bring { $version } back
packs-roll-back-confirm = Publish the files of version { $version } again, under a new version?
packs-done-published = Version { $version } is in force
packs-done-unchanged = Version { $version } was in force already
packs-done-rolled-back = The earlier files are in force as version { $version }
packs-done-entities = { $n ->
    [0] No entities were changed.
    [one] { $n } entity was made or changed.
   *[other] { $n } entities were made or changed.
}
packs-done-files = Files that differ from the publication before:
packs-file-added = added
packs-file-changed = changed
packs-file-removed = removed
packs-declares = What it declares
packs-declares-types = Types
packs-declares-enums = Code lists
packs-declares-profiles = Device profiles
packs-declares-decisions = Decisions
packs-declares-triggers = Triggers
packs-declares-processes = Processes
packs-declares-policies = Policies
packs-declares-layers = Map layers
packs-declares-spaces = Territories
packs-declares-simulations = Simulations
packs-declares-feeds = Files replayed
packs-declares-tests = Tests
packs-declares-entities = Entities
packs-files = Files
packs-files-count = { $n ->
    [one] { $n } file
   *[other] { $n } files
}
packs-file-lead = A file of the pack “{ $pack }”. It is checked whole with all packs before it comes into force.
packs-file-content = Content
packs-new-version = New version
packs-new-version-hint = In force now: { $version }
packs-file-publish = Check and publish
packs-file-back = Back to the pack
packs-file-unchanged = The file is as it was. Change something first.

## Quarantine

quarantine-title = Quarantine
quarantine-lead = Readings that were refused. None is lost: correct what is wrong and let them in.
quarantine-by-reason = Held, by reason
quarantine-reason = Reason
quarantine-reason-any = Any
quarantine-count = Messages
quarantine-what-to-do = What to do
quarantine-act = Act
quarantine-replay-reason = Replay all
quarantine-status = Status
quarantine-status-held = Held
quarantine-status-replayed = Taken in
quarantine-status-discarded = Discarded
quarantine-status-all = All
quarantine-messages = Messages
quarantine-message = Message
quarantine-number = Message { $id }
quarantine-choose = Choose message { $id }
quarantine-when = Received
quarantine-from = From
quarantine-device = Device
quarantine-profile = Device profile
quarantine-source = Door and topic
quarantine-space = Territory
quarantine-detail = What exactly
quarantine-unknown = unknown
quarantine-payload = Payload
quarantine-replay-chosen = Replay the chosen
quarantine-discard-chosen = Discard the chosen
quarantine-discard-confirm = Discard? The messages stay on record but are not taken in any more.
quarantine-replay-one = Replay this message
quarantine-discard-one = Discard it
quarantine-empty-title = No messages
quarantine-empty-text = Nothing was refused that fits these filters.
quarantine-nothing = Nothing was chosen
quarantine-nothing-text = Tick at least one message.
quarantine-done-replayed = Replayed
quarantine-done-corrected = The corrected mapping is in force: pack { $pack }, version { $version }
quarantine-done-discarded = Discarded
quarantine-done-discarded-n = { $n ->
    [one] { $n } message.
   *[other] { $n } messages.
}
quarantine-report = Messages looked at: { $examined }. Taken in: { $replayed }. Still held: { $held }. New readings: { $stored }; there already: { $duplicates }.
quarantine-mapping-title = Correct the mapping
quarantine-mapping-lead = Mapping of the device profile { $profile }. Change it, try it on this message, then put it into force.
quarantine-mapping = Mapping (jq)
quarantine-mapping-hint = From the payload to an object with at and values.
quarantine-try = Try on this message
quarantine-correct = Publish the mapping and replay
quarantine-mapping-fault = Line { $line }, column { $column }: { $message }. To mend it: { $fix }
quarantine-no-profile = No device profile fits this message. Publish one with its topic first, then replay.
quarantine-not-edited = The profile's file was not changed: { $detail }
quarantine-try-good = The message would be taken in
quarantine-try-good-text = Every value fits. Nothing was stored.
quarantine-try-faults = This would still be wrong
quarantine-try-readings = Readings that would be stored
quarantine-entity = Entity
quarantine-attribute = Attribute
quarantine-value = Value
quarantine-observed = Observed
quarantine-yes = yes
quarantine-no = no

reason-malformed-payload = Not readable
reason-malformed-payload-text = The payload is no JSON, or larger than is accepted.
reason-malformed-payload-fix = Look at the device: its message was cut off or is in another format.
reason-mapping-error = Mapping failed
reason-mapping-error-text = The profile's mapping could not be applied to this payload.
reason-mapping-error-fix = Correct the mapping and replay.
reason-bad-shape = Mapping gave something else
reason-bad-shape-text = The mapping gave no object with at and values, or no value at all.
reason-bad-shape-fix = Correct the mapping and replay.
reason-unknown-topic = Unknown topic
reason-unknown-topic-text = No device profile has this topic or this name.
reason-unknown-topic-fix = Publish a device profile with this topic, or correct the address in the device.
reason-unknown-device = Unknown device
reason-unknown-device-text = No entity carries this device number.
reason-unknown-device-fix = Register the device at its entity, then replay.
reason-unknown-attribute = Unknown indicator
reason-unknown-attribute-text = The entity's type declares no such observation.
reason-unknown-attribute-fix = Declare it in the pack's model, or drop it in the mapping; then replay.
reason-wrong-type = Wrong kind of value
reason-wrong-type-text = A text stands where a number is declared, or the other way round.
reason-wrong-type-fix = Convert the value in the mapping and replay.
reason-wrong-unit = Wrong unit
reason-wrong-unit-text = The unit cannot be converted into the declared one.
reason-wrong-unit-fix = Name the right unit in the mapping, or set up the device.
reason-out-of-range = Out of range
reason-out-of-range-text = The value is outside what is physically possible by the model.
reason-out-of-range-fix = Check the sensor. If the value is right, widen the range in the model.
reason-not-finite = No finite number
reason-not-finite-text = The value is infinite or no number.
reason-not-finite-fix = Check the sensor; leave such values out in the mapping.
reason-future = From the future
reason-future-text = The moment of observation lies further ahead than the profile allows.
reason-future-fix = Set the device's clock, or its time zone in the mapping; then replay.

## Accounts

accounts-title = Accounts
accounts-lead = Who can sign in. An account comes from an invitation; what its owner may do follows the post they hold.
accounts-empty-title = Nobody has an account yet
accounts-empty = Invite somebody below.
accounts-since = Since
accounts-state = State
accounts-act = Action
accounts-active = may sign in
accounts-blocked = kept out
accounts-block = Keep out
accounts-block-ask = Keep this account out? All its sessions end at once.
accounts-unblock = Let in again
accounts-invite = Invite somebody
accounts-invite-text = The invitation is an address that works once, for three days. Hand it over in a way that you trust.
accounts-invite-button = Make an invitation
accounts-invited = The invitation is ready
accounts-invited-text = It is shown only now. Whoever opens it first gets the account.
accounts-login-hint = An e-mail address for instance.
accounts-no-post = no post
accounts-space = Territory of the post

## Sites

clients-title = Sites
clients-lead = Other sites and programs whose people sign in here (OpenID Connect). Each sees of a person only what the person has allowed.
clients-empty-title = No site yet
clients-empty = A site registers itself by a request; it stands here then and waits for you.
clients-pending = waits
clients-active = in force
clients-blocked = kept out
clients-approve = Let in
clients-block = Keep out
clients-id = Identifier
clients-scope = asks for
clients-came = came
clients-hint = Sites register (RFC 7591) at

# devices with credentials of their own
devices-title = Devices
devices-lead = Devices and gateways that deliver readings with a secret of their own. Each delivers for its territory only, and when so chosen for one profile and one device.
devices-search = Name, identifier, territory or profile
devices-empty-title = No devices
devices-empty = Let the first one in below.
devices-none = Nothing is found by these words.
devices-name = Name
devices-space = Territory
devices-space-hint = It delivers for this territory and those within.
devices-profile = Profile
devices-any-profile = any profile
devices-device = Identifier of the device
devices-device-hint = As its readings name it. Leave it empty for a gateway that speaks for many.
devices-limits = Delivers
devices-seen = Last seen
devices-never = never
devices-state = State
devices-active = let in
devices-revoked = Revoked
devices-created = Let in since
devices-by = Let in by
devices-user = Identifier, user name at the broker
devices-secret = Secret, the password at the broker and the bearer token of the API
devices-add = Let a device in
devices-add-text = The secret is shown once. Whoever has it delivers as this device.
devices-add-button = Make a secret
devices-added = The device is let in
devices-added-text = The secret is shown only now and kept nowhere: put it into the device.
devices-revoke = Revoke
devices-revoke-ask = Revoke this device?
devices-revoke-text = It is let in no more, its connections end within a second. This cannot be taken back: a device that is to deliver again gets a new secret. Readings that it delivered stay.
devices-name-needed = Say how the device is called
devices-name-text = At most 100 characters, on one line
devices-name-used = This form has let a device in already: look for it in the list. Send it again only if you want another.
devices-profile-text = At most 100 characters, on one line
devices-device-text = At most 100 characters, on one line
devices-space-choice = Choose a territory where you run the installation
devices-profile-choice = Choose a profile of the packs in force
accounts-open = Open invitations
accounts-open-text = Nobody has used these yet. One that its maker could not make any more is worth nothing and does not stand here; nor do those made at the command line.
accounts-open-by = Made by
accounts-open-until = Good until
accounts-open-end = Take back
accounts-open-ask = Take this invitation back? Its address opens nothing any more.
