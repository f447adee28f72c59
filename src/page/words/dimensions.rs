//! What readers call dimensions and their values: one row per dimension, in all languages. A dimension that lacks one does not
//! compile.

use super::values::{self, Line};
use super::{Language, Words};
use crate::cell::{Dimension, NOT_SET};
use crate::page::places;

/// A text in the order of [`Language::ALL`].
type InAll = [&'static str; Language::ALL.len()];

/// What a dimension is called.
struct DimensionTexts {
    /// The heading of its panel.
    title: InAll,
    /// What stands on its tab, if not the title.
    tab: Option<InAll>,
    /// The heading of the column of values: one of them.
    singular: InAll,
    /// What a value of it is called where no panel stands around it, if not the same.
    alone: Option<InAll>,
    /// What an empty panel says, with the way to fill it, where there is one.
    empty: Option<InAll>,
    values: ValueTexts,
}

/// What the values of a dimension are called.
enum ValueTexts {
    /// By themselves.
    Plain,
    Countries,
    Languages,
    Screens,
    Campaigns,
    /// As the list has it.
    Named(&'static [Line]),
}

const NO_PLACES: InAll = ["None known.", "Keine bekannt.", "Aucun lieu connu."];

const fn texts(title: InAll, singular: InAll) -> DimensionTexts {
    DimensionTexts { title, tab: None, singular, alone: None, empty: None, values: ValueTexts::Plain }
}

/// In the order of [`Dimension::COUNTED`], and what is counted of segments, properties and sections.
const TEXTS: [(Dimension, DimensionTexts); Dimension::COUNTED.len() + 5] = [
    (
        Dimension::Source,
        texts(["Sources", "Quellen", "Sources"], ["Source", "Quelle", "Source"])
            .values(ValueTexts::Named(&values::SOURCES)),
    ),
    (
        Dimension::Referrer,
        texts(["Referrers", "Verweise", "Référents"], ["Referrer", "Verweis", "Référent"])
            .values(ValueTexts::Named(&values::SOURCES)),
    ),
    (
        Dimension::Channel,
        texts(["Channels", "Kanäle", "Canaux"], ["Channel", "Kanal", "Canal"])
            .values(ValueTexts::Named(&values::CHANNELS)),
    ),
    (
        Dimension::UtmSource,
        texts(["Campaign sources", "Kampagnenquellen", "Sources de campagne"], [Dimension::UtmSource.name(); 3])
            .tab_is_name(),
    ),
    (
        Dimension::UtmMedium,
        texts(["Campaign media", "Kampagnenmedien", "Supports de campagne"], [Dimension::UtmMedium.name(); 3])
            .tab_is_name(),
    ),
    (
        Dimension::UtmCampaign,
        texts(["Campaigns", "Kampagnen", "Campagnes"], [Dimension::UtmCampaign.name(); 3])
            .empty([
                "None. Add utm_campaign=… to the links that you share.",
                "Keine. Dafür utm_campaign=… an die geteilten Links hängen.",
                "Aucune. Ajoutez utm_campaign=… aux liens que vous partagez.",
            ])
            .values(ValueTexts::Campaigns),
    ),
    (
        Dimension::UtmContent,
        texts(["Campaign contents", "Kampagneninhalte", "Contenus de campagne"], [Dimension::UtmContent.name(); 3])
            .tab_is_name(),
    ),
    (
        Dimension::UtmTerm,
        texts(["Campaign terms", "Kampagnenbegriffe", "Termes de campagne"], [Dimension::UtmTerm.name(); 3])
            .tab_is_name(),
    ),
    (
        Dimension::Country,
        texts(["Countries", "Länder", "Pays"], ["Country", "Land", "Pays"])
            .empty(NO_PLACES)
            .values(ValueTexts::Countries),
    ),
    (Dimension::Region, texts(["Regions", "Regionen", "Régions"], ["Region", "Region", "Région"]).empty(NO_PLACES)),
    (Dimension::City, texts(["Cities", "Städte", "Villes"], ["City", "Stadt", "Ville"]).empty(NO_PLACES)),
    (Dimension::Browser, texts(["Browsers", "Browser", "Navigateurs"], ["Browser", "Browser", "Navigateur"])),
    (
        Dimension::BrowserVersion,
        texts(["Browser versions", "Browserversionen", "Versions du navigateur"], ["Version", "Version", "Version"])
            .alone(["Browser version", "Browserversion", "Version du navigateur"]),
    ),
    (Dimension::Os, texts(["Systems", "Systeme", "Systèmes"], ["System", "System", "Système"])),
    (
        Dimension::OsVersion,
        texts(["System versions", "Systemversionen", "Versions du système"], ["Version", "Version", "Version"])
            .alone(["System version", "Systemversion", "Version du système"]),
    ),
    (
        Dimension::Device,
        texts(["Devices", "Geräte", "Appareils"], ["Device", "Gerät", "Appareil"])
            .values(ValueTexts::Named(&values::DEVICES)),
    ),
    (
        Dimension::Screen,
        texts(
            ["Screens", "Fensterbreiten", "Fenêtres"],
            ["Width of the window", "Fensterbreite", "Largeur de la fenêtre"],
        )
        .values(ValueTexts::Screens),
    ),
    (
        Dimension::Language,
        texts(["Languages", "Sprachen", "Langues"], ["Language", "Sprache", "Langue"]).values(ValueTexts::Languages),
    ),
    (
        Dimension::EntryPage,
        texts(["Entry pages", "Einstiegsseiten", "Pages d’entrée"], ["Page", "Seite", "Page"]).alone([
            "Entry page",
            "Einstiegsseite",
            "Page d’entrée",
        ]),
    ),
    (
        Dimension::ExitPage,
        texts(["Exit pages", "Ausstiegsseiten", "Pages de sortie"], ["Page", "Seite", "Page"]).alone([
            "Exit page",
            "Ausstiegsseite",
            "Page de sortie",
        ]),
    ),
    (Dimension::Page, texts(["Top pages", "Alle Seiten", "Toutes les pages"], ["Page", "Seite", "Page"])),
    (Dimension::Hostname, texts(["Hosts", "Hostnamen", "Hôtes"], ["Host", "Hostname", "Hôte"])),
    (
        Dimension::Event,
        texts(["Events", "Ereignisse", "Événements"], ["Event", "Ereignis", "Événement"]).empty([
            "None. Your pages send one with headcount('Signup').",
            "Keine. Seiten melden eines mit headcount('Signup').",
            "Aucun. Vos pages en envoient un avec headcount('Signup').",
        ]),
    ),
    (Dimension::Pattern, texts(["Page goals", "Seitenziele", "Objectifs de pages"], ["Pattern", "Muster", "Motif"])),
    (
        Dimension::ChannelAndSource,
        texts(
            ["Channels and sources", "Kanäle und Quellen", "Canaux et sources"],
            ["Channel and source", "Kanal und Quelle", "Canal et source"],
        ),
    ),
    (
        Dimension::PreviousPage,
        texts(["Pages before", "Seiten davor", "Pages précédentes"], ["Page before", "Seite davor", "Page précédente"]),
    ),
    (Dimension::Segment, texts(["Segments", "Segmente", "Segments"], ["Segment", "Segment", "Segment"])),
    (Dimension::ReachedStep, texts(["Funnels", "Trichter", "Entonnoirs"], ["Step", "Schritt", "Étape"])),
    (Dimension::Money, texts(["Money", "Geld", "Argent"], ["Money", "Geld", "Argent"])),
    (
        Dimension::Property,
        texts(["Properties", "Eigenschaften", "Propriétés"], ["Property", "Eigenschaft", "Propriété"]),
    ),
    (Dimension::Section, texts(["Sections", "Bereiche", "Rubriques"], ["Section", "Bereich", "Rubrique"])),
];

const _: () = {
    let mut at = 0;
    while at < Dimension::COUNTED.len() {
        assert!(TEXTS[at].0 as u8 == Dimension::COUNTED[at] as u8, "the texts are not those of the dimensions");
        at += 1;
    }
};

fn of(dimension: Dimension) -> &'static DimensionTexts {
    static OF_ALL: [(Dimension, DimensionTexts); TEXTS.len()] = TEXTS;
    &OF_ALL[dimension.place()].1
}

impl DimensionTexts {
    const fn tab_is_name(self) -> DimensionTexts {
        DimensionTexts { tab: Some(self.singular), ..self }
    }

    const fn alone(self, alone: InAll) -> DimensionTexts {
        DimensionTexts { alone: Some(alone), ..self }
    }

    const fn empty(self, empty: InAll) -> DimensionTexts {
        DimensionTexts { empty: Some(empty), ..self }
    }

    const fn values(self, values: ValueTexts) -> DimensionTexts {
        DimensionTexts { values, ..self }
    }
}

impl Words {
    /// The heading of a panel.
    pub fn title(&self, dimension: Dimension) -> &'static str {
        of(dimension).title[self.language as usize]
    }

    /// What stands on the tab of a panel.
    pub fn tab(&self, dimension: Dimension) -> &'static str {
        let texts = of(dimension);
        texts.tab.unwrap_or(texts.title)[self.language as usize]
    }

    /// The heading of the column of values: one of them.
    pub fn singular(&self, dimension: Dimension) -> &'static str {
        of(dimension).singular[self.language as usize]
    }

    /// What a value of it is called where no panel stands around it.
    pub fn alone(&self, dimension: Dimension) -> &'static str {
        let texts = of(dimension);
        texts.alone.unwrap_or(texts.singular)[self.language as usize]
    }

    /// What an empty panel says, with the way to fill it where there is one.
    pub fn empty(&self, dimension: Dimension) -> &'static str {
        match of(dimension).empty {
            Some(empty) => empty[self.language as usize],
            None => self.nothing_here,
        }
    }

    /// What people call a value; the value itself where there is no better name.
    pub fn label<'a>(&self, dimension: Dimension, value: &'a str) -> &'a str {
        let name = match of(dimension).values {
            ValueTexts::Plain => None,
            ValueTexts::Countries => places::country(value, self.language),
            ValueTexts::Languages => places::language(value, self.language),
            ValueTexts::Screens => self.screen_class(value),
            ValueTexts::Campaigns => (value == NOT_SET).then_some(self.no_campaign),
            ValueTexts::Named(lines) => values::found(lines, value, self.language),
        };
        name.unwrap_or(value)
    }

    fn screen_class(&self, class: &str) -> Option<&'static str> {
        Some(match class {
            "xs" => self.screen_xs,
            "sm" => self.screen_sm,
            "md" => self.screen_md,
            "lg" => self.screen_lg,
            "xl" => self.screen_xl,
            "xxl" => self.screen_xxl,
            _ => return None,
        })
    }
}

/// All texts of dimensions in one language, each with the name of its dimension.
#[cfg(test)]
pub(super) fn all(language: Language) -> Vec<(&'static str, &'static str)> {
    let of_one = |dimension: Dimension| {
        let texts = of(dimension);
        let own = [Some(texts.title), Some(texts.singular), texts.alone, texts.empty];
        own.into_iter().flatten().map(move |text| (dimension.name(), text[language as usize]))
    };
    Dimension::COUNTED
        .into_iter()
        .chain([Dimension::Segment, Dimension::ReachedStep, Dimension::Money, Dimension::Property, Dimension::Section])
        .flat_map(of_one)
        .collect()
}
