//! `svod policy`: what the policies of packs permit.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use svod_model::PackSource;
use svod_policy::{Matrix, WORDS};
use svod_registry::Catalogue;

use super::pack;
use crate::embedded;

/// `svod policy`
#[derive(Subcommand)]
pub enum PolicyCommand {
    /// Print who may do what to what, asked of the policies themselves, as a table (Markdown).
    Matrix {
        /// Folder of a pack; without it: the packs that come with the program.
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
        /// Folders of packs it depends on; `base` comes with the program.
        #[arg(long, value_name = "DIR")]
        with: Vec<PathBuf>,
    },
    /// Print the schema that policies are validated against (Cedar): with every type of the metamodel.
    Schema {
        /// Folder of a pack; without it: the packs that come with the program.
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
        /// Folders of packs it depends on; `base` comes with the program.
        #[arg(long, value_name = "DIR")]
        with: Vec<PathBuf>,
    },
}

/// Runs it.
///
/// # Errors
/// A folder that cannot be read.
pub fn run(command: PolicyCommand) -> anyhow::Result<ExitCode> {
    let (folder, with, print): (_, _, fn(&Catalogue) -> String) = match command {
        PolicyCommand::Matrix { folder, with } => (folder, with, matrix),
        PolicyCommand::Schema { folder, with } => (folder, with, schema),
    };
    let sources = match folder {
        Some(folder) => pack::sources(&folder, &with)?,
        None => shipped(),
    };
    match svod_registry::compile(0, &sources) {
        Ok(catalogue) => {
            print!("{}", print(&catalogue));
            Ok(ExitCode::SUCCESS)
        }
        Err(faults) => Ok(pack::report(&faults)),
    }
}

/// The packs that come with the program.
pub fn shipped() -> Vec<PackSource> {
    super::serve::DEMO.into_iter().filter_map(embedded::pack).collect()
}

/// The schema of policies under a catalogue's types.
fn schema(catalogue: &Catalogue) -> String {
    svod_registry::policy_schema(&catalogue.metamodel).text
}

/// The matrix of a catalogue, with how it is to be read.
pub fn matrix(catalogue: &Catalogue) -> String {
    let types = catalogue.metamodel.types.values().filter(|t| !t.is_abstract).map(|t| t.name.as_str());
    let types = types.map(|kind| (kind, kind.to_owned()));
    let words = WORDS.into_iter().map(|word| (word, format!("{word} (no type)")));
    let matrix = Matrix::of(&catalogue.policies, types.chain(words));
    let packs: Vec<String> =
        catalogue.packs.iter().map(|p| format!("{} {}", p.manifest.id, p.manifest.version)).collect();
    format!(
        "# Who may do what

Asked of the policies of the packs {}; made by `svod policy matrix`, compared in a test. `everywhere`: in every space. `territory`: in the spaces of the post and below. `own body`: there, what belongs to the body of the post or to none.
`own`: what is, or is about, the person who acts. `–`: never. `… on law, consent`: so far when the ground was written down before and the person sees it. `(no type)`: no type of entity, but what else policies are asked of. In an open space (sandbox) everybody may do everything.
{}",
        packs.join(", "),
        matrix.markdown()
    )
}
