//! The texts of the settings pages in French.

use super::super::settings::Settings;

/// French.
pub const FRENCH: Settings = Settings {
    // Every page of settings.
    title: "Réglages",
    of_this_site: "Réglages du site",
    title_of: "Réglages de {0}",
    sections: "Rubriques",
    command: "La même chose en ligne de commande",
    saved: "Enregistré.",
    not_saved: "Non enregistré.",
    save: "Enregistrer",
    add: "Ajouter",
    remove: "Supprimer",
    remove_for_good: "Supprimer définitivement",
    action: "Opération",
    none_yet: "Encore rien.",

    // The instance.
    sites_intro: "Chaque site a ses propres chiffres, jours et réglages.",
    site_add: "Ajouter un site",
    site_add_domain: "Domaine",
    site_add_domain_help: "Comme `example.com`, sans https:// ni www.",
    site_add_button: "Ajouter le site",

    // What a site is.
    site_title: "Le site",
    time_zone_next: "À partir du prochain jour du site : `{0}`.",

    // Budgets.
    budgets: "Limites",
    budgets_intro: "Ce qu’envoient des inconnus ne doit pas remplir le disque. Au-delà d’une limite, tout est regroupé sous (other) ; les totaux restent exacts.",

    // Path rules.
    paths: "Règles de chemins",
    paths_intro: "Quelles pages comptent pour une seule. Une règle vaut pour ce qui arrive désormais ; ce qui est compté ne change pas.",
    personal_notice: "Pages qui semblent personnelles",

    // Exclusions.
    exclusions: "Exclusions",
    exclusions_intro: "Ce qui n’est pas compté, dès maintenant. On le retrouve sous « Non comptés », comme « Exclu ».",

    // Goals.
    goals_intro: "Les événements et pages que vous suivez. En supprimer un ne perd rien de ce qui a été compté.",
    goal_add: "Ajouter un objectif",
    goal_target: "Ce qui l’atteint",
    goal_target_help: "Un événement comme `Signup`, une page comme `/pricing` ou des pages comme `/blog/**`. Un motif est compté dès maintenant ; événements et pages remontent dans le passé.",
    goal_name: "Nom",
    goal_name_help: "Le nom que voient les lecteurs. Si le champ est vide : l’événement, ou « Visit » et la page.",
    goal_counted: "Compté",
    goal_all_days: "tous les jours",
    goal_since: "depuis le {0}",
    remove_goal: "Supprimer l’objectif {0}",

    // Funnels.
    funnels: "Entonnoirs",
    funnels_intro: "Des parcours dans le site, étape par étape au cours d’une visite. Un entonnoir est compté à partir de sa création.",
    funnel_add: "Ajouter un entonnoir",
    funnel_name_help: "Le nom que voient les lecteurs.",
    funnel_steps: "Étapes",
    funnel_steps_help: "2 à {0}, une par ligne, dans l’ordre, chacune écrite comme ce qui atteint un objectif.",
    remove_funnel: "Supprimer l’entonnoir {0}",
    remove_funnel_why: "Ses chiffres disparaissent avec lui : un entonnoir recréé repart de zéro.",

    // Annotations.
    annotations: "Annotations",
    annotations_intro: "Ce qui s’est passé et quand, en notes sur le graphique : une mise en ligne, une campagne.",
    annotation_add: "Ajouter une annotation",
    annotation_text: "Ce qui s’est passé",
    annotation_text_help: "Une ligne de {0} caractères au plus.",
    annotation_day_help: "Selon le calendrier du site.",
    annotation_hour_help: "Selon l’heure du site, ou le jour entier.",
    whole_day: "Jour entier",
    remove_annotation: "Supprimer l’annotation {0}",

    // The end of a site.
    remove_site: "Supprimer le site",
    remove_site_intro: "{0} disparaît avec tous ses chiffres, aussitôt. Seule une sauvegarde les fait revenir.",
    remove_site_domain: "Saisissez le domaine du site pour confirmer",
    remove_site_button: "Supprimer le site et tous ses chiffres",
    remove_site_mistyped: "Ce n’est pas le domaine du site. Saisissez {0} pour le supprimer.",

    // Users.
    users: "Utilisateurs",
    users_intro: "Les propriétaires lisent et modifient tout. Les analystes lisent les sites qui leur sont confiés.",
    user_last: "Dernière connexion",
    user_never: "jamais",
    user_has_password: "défini",
    user_has_none: "aucun",
    user_owner: "Propriétaire, modifie tout.",
    user_reads_all: "Analyste, lit tous les sites.",
    user_reads: "Analyste, lit {0}.",
    user_reads_none: "Analyste, ne peut lire aucun site.",
    user_add: "Ajouter un utilisateur",
    user_add_button: "Ajouter l’utilisateur et créer un lien",
    user_name_help: "Pour se connecter ; 1 à {0} caractères.",
    user_may: "Ce que l’utilisateur peut faire",
    user_may_some: "Lire les sites ci-dessous",
    user_may_all: "Lire tous les sites",
    user_may_change: "Tout lire et modifier (propriétaire)",
    user_sites: "Sites à lire",
    user_sites_help: "Un domaine par ligne.",
    user_sites_missing: "Indiquez au moins un site, ou laissez l’utilisateur les lire tous.",
    user_link: "Un lien de connexion",
    user_link_intro: "Il connecte un seul navigateur, une seule fois. Ne l’envoyez qu’à la personne à qui il appartient.",
    user_link_button: "Créer un lien",
    user_set: "Droits",
    user_sign_out_intro: "Tous les navigateurs de cet utilisateur sont déconnectés, et les liens non utilisés ne valent plus rien.",
    user_remove: "Supprimer l’utilisateur",
    user_remove_why: "L’utilisateur est déconnecté partout et ne peut plus se connecter.",
    made_link: "Ce lien connecte en tant que {0}, une seule fois, dans les {1} minutes :",
    made_token: "Le jeton :",
    made_once: "Il n’est montré que cette fois. Copiez-le maintenant.",

    // Tokens.
    tokens: "Jetons",
    tokens_intro: "Avec un jeton, des programmes lisent des chiffres et envoient des données.",
    token: "Jeton",
    token_made: "Créé",
    token_scope: "Ce qu’il permet",
    token_read: "Lire les chiffres",
    token_ingest: "Envoyer des données prises pour vraies",
    token_annotate: "Ajouter des annotations",
    token_admin: "Tout",
    token_site_help: "Un jeton pour un site ne sert à rien d’autre.",
    token_create: "Créer un jeton",
    token_create_button: "Créer le jeton",
    token_revoke: "Révoquer le jeton {0}",
    token_revoke_short: "Révoquer",
    token_revoke_button: "Révoquer définitivement",
    token_revoke_why: "Les programmes qui s’en servent seront refusés dès lors.",

    // Sharing.
    sharing: "Partage",
    sharing_of: "Partage de {0}",
    shares: "Ce qui est ouvert",
    shares_intro: "Les lecteurs non connectés voient les jours terminés, sans filtres ; les valeurs de moins de {0} visiteurs par jour sont regroupées avec d’autres qui les cachent.",
    share_name: "Nom",
    share_name_help: "À qui est destiné le lien secret. Une page publique n’a pas de nom.",
    share_kind: "Comment",
    share_secret: "Par un lien secret.",
    share_public: "Comme page publique.",
    share_public_named: "Une page publique n’a pas de nom : laissez-le vide ou créez un lien secret.",
    share_password_help: "Si le champ est vide, quiconque a le lien secret peut lire.",
    share_until: "Jusqu’à la fin du",
    share_until_help: "Si le champ est vide, l’accès reste ouvert jusqu’à sa fermeture.",
    share_embed: "Hôtes dont les pages peuvent l’intégrer",
    share_embed_help: "Un par ligne ; `*.example.com` désigne tous les hôtes en dessous. Si le champ est vide, aucun.",
    share_add: "Ouvrir le site",
    share_add_button: "L’ouvrir",
    share_made: "Ouvert à cette adresse :",
    share_with_password: "Avec un mot de passe.",
    share_embedded: "Dans les pages de {0}.",
    share_ends: "Jusqu’au {0}.",
    share_ended: "Terminé le {0}.",
    share_remove: "Fermer {0}",
    share_remove_short: "Fermer",
    share_remove_button: "Fermer définitivement",
    share_remove_why: "L’adresse ne mène alors plus nulle part.",
};
