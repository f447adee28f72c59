//! The arguments of `goal` and `funnel`, and the commands that they stand for.

use clap::Subcommand;

use crate::control::Command;

#[derive(Debug, Subcommand)]
pub enum GoalWork {
    /// Declares a goal: an event like Signup, a page like /pricing, or pages like /blog/**
    Add {
        /// The domain of the site
        site: String,
        /// What reaches it; in a pattern * stands for anything but a slash and ** for anything
        target: String,
        /// What to call it [default: the event, or Visit and the page]
        #[arg(long)]
        name: Option<String>,
    },
    /// Lists the goals of a site
    List {
        /// The domain of the site
        site: String,
    },
    /// Takes a goal away; what was counted stays
    Remove {
        /// The domain of the site
        site: String,
        /// The name of the goal
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum FunnelWork {
    /// Declares a funnel, which is counted from then on
    Add {
        /// The domain of the site
        site: String,
        /// What to call it
        name: String,
        /// Its steps in order: events, pages or patterns
        #[arg(required = true, num_args = 2.., value_name = "STEP")]
        steps: Vec<String>,
    },
    /// Lists the funnels of a site
    List {
        /// The domain of the site
        site: String,
    },
    /// Tells how far visits came
    Show {
        /// The domain of the site
        site: String,
        /// The name of the funnel
        name: String,
        /// Which days, as in `report`
        #[arg(long, default_value = "30d")]
        period: String,
    },
    /// Takes a funnel away, with its figures
    Remove {
        /// The domain of the site
        site: String,
        /// The name of the funnel
        name: String,
    },
}

impl GoalWork {
    /// The command for the collector.
    pub fn command(&self) -> Command {
        match self {
            GoalWork::Add { site, target, name } => {
                Command::GoalAdd { site: site.clone(), target: target.clone(), name: name.clone() }
            }
            GoalWork::List { site } => Command::GoalList { site: site.clone() },
            GoalWork::Remove { site, name } => Command::GoalRemove { site: site.clone(), name: name.clone() },
        }
    }
}

impl FunnelWork {
    /// The command for the collector.
    pub fn command(&self) -> Command {
        match self {
            FunnelWork::Add { site, name, steps } => {
                Command::FunnelAdd { site: site.clone(), name: name.clone(), steps: steps.clone() }
            }
            FunnelWork::List { site } => Command::FunnelList { site: site.clone() },
            FunnelWork::Show { site, name, period } => {
                Command::FunnelShow { site: site.clone(), name: name.clone(), period: period.clone() }
            }
            FunnelWork::Remove { site, name } => Command::FunnelRemove { site: site.clone(), name: name.clone() },
        }
    }
}
