use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use svod_identity::{INVITED, Invitation, LONGEST_INVITED};
use svod_kernel::{Clock as _, Role, SpacePath, SystemClock, Urn};

use super::keep::Place;
use super::traced::traced;
use crate::{Config, secrets};

/// `svod account`
#[derive(Subcommand)]
pub enum AccountCommand {
    /// Print an invitation: an address at which somebody gets an account of the platform that runs over the same data folder.
    Invite(InviteArgs),
}

/// `svod account invite`
#[derive(Args)]
pub struct InviteArgs {
    /// What the account will be signed in with, an e-mail address for instance.
    login: String,
    /// How its owner is called.
    #[arg(long)]
    name: String,
    /// The post that its owner is appointed to.
    #[arg(long, requires = "space")]
    post: Option<PostRole>,
    /// The space in which the post's powers hold, and below: kuzbass/novokuznetsk.
    #[arg(long, requires = "post")]
    space: Option<SpacePath>,
    /// The person whose account it is, who is known already: urn:svod:person:…. What opened their account before opens it no more.
    #[arg(long, conflicts_with = "post", value_name = "URN")]
    person: Option<Urn>,
    /// How long the invitation is good for, 720 hours at the most.
    #[arg(long, default_value_t = INVITED / 3600, value_name = "HOURS")]
    hours: i64,
    /// Data folder of the platform.
    #[arg(long)]
    data: Option<PathBuf>,
    /// TOML file.
    #[arg(long)]
    config: Option<PathBuf>,
}

/// Roles of posts.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum PostRole {
    Official,
    Governor,
    Administrator,
    Auditor,
}

pub fn run(command: &AccountCommand) -> anyhow::Result<ExitCode> {
    let AccountCommand::Invite(args) = command;
    let config = Config::load(args.config.as_deref(), |k| std::env::var(k).ok())?;
    let folder = args.data.clone().unwrap_or_else(|| config.data.0.clone());
    let key = secrets::read_identity_key(&folder)?
        .with_context(|| format!("there is no key in {}; start `svod serve --data {0}` once", folder.display()))?;
    let until = SystemClock.now().plus_seconds(args.hours.clamp(1, LONGEST_INVITED / 3600) * 3600);
    let mut invitation = Invitation::new(&args.login, &args.name, until)?;
    let role = args.post.map(|post| match post {
        PostRole::Official => Role::Official,
        PostRole::Governor => Role::Governor,
        PostRole::Administrator => Role::Administrator,
        PostRole::Auditor => Role::Auditor,
    });
    invitation.post = role.zip(args.space.clone());
    invitation.person.clone_from(&args.person);
    let origin = config.identity.origin(config.http.listen).unwrap_or_else(|| config.http.base(config.http.listen));
    let post = invitation
        .post
        .as_ref()
        .map_or_else(|| "none".to_owned(), |(role, space)| format!("{} {space}", role.as_str()));
    let mut particulars = vec![("post", post.as_str())];
    particulars.extend(args.person.as_ref().map(|person| ("person", person.as_str())));
    let place = Place { config: args.config.clone(), data: args.data.clone() };
    // Before the first start there is no journal yet, and nobody who could be told.
    match place.open(true) {
        Ok(store) => {
            let told = traced(&store, "invite", &particulars);
            store.blocking_close();
            told?;
        }
        Err(e) => eprintln!("no event of it was left: {e:#}"),
    }
    println!("{origin}/invitation#{}", invitation.seal(&key, SystemClock.now()));
    Ok(ExitCode::SUCCESS)
}
