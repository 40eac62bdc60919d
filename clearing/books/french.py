"""Law: French as a treasurer, a producer and a town hall read it; no word of stigma, which a test looks for."""

from typing import Final

FRENCH: Final = {
    "page": "{caisse} · page {page} sur {pages}",
    "producer": "Point de vente", "caisse": "Caisse", "batch": "Lot", "reference": "Référence du virement",
    "pay-day": "Date du virement", "amount": "Montant", "total": "Total", "day": "Jour", "hour": "Heure",
    "sale": "Vente",
    "sales": "Ventes", "goods": "Marchandises", "card": "Part de la carte", "refunded": "Remboursé", "owed": "Dû",
    "advice": "Avis de virement",
    "advice-text": "La caisse vous verse {amount} le {day}, sous la référence {reference}. Frais : aucun.",
    "advice-how": "Ce que les cartes ont payé chez vous, moins ce qui a été remboursé, plus ou moins les "
    "reports, fait ce virement.",
    "statement": "Relevé par jour de marché", "for-caisse": "Pour la caisse {caisse}, lot n° {batch}",
    "statement-sum": "Total des ventes", "payout": "Montant du virement", "each-sale": "Chaque vente",
    "statement-note": "Les marchandises sont au prix entier. La part payée à l'étal autrement que par la carte "
    "n'est pas notée ici.",
    "funder-statement": "Relevé de la subvention {grant}",
    "funder": "Financeur", "purpose": "Objet", "promised": "Notifié", "reduced": "Réduit par le financeur",
    "to-come": "À recevoir", "received": "Reçu", "where-now": "Où en est l'argent reçu", "place": "Où", "by-producer":
    "Points de vente payés", "paid": "Payé", "in-batch": "En cours de virement", "by-month": "Par mois d'achat",
    "month": "Mois", "category": "Catégorie", "how": "Par",
    "state-paid": "payé aux points de vente", "state-in a batch": "en cours de virement",
    "state-owed": "dû aux points de vente",
    "state-held": "réservé pour des commandes et ventes en cours",
    "state-in purses": "sur les cartes, pas encore dépensé",
    "state-in contracts": "dans des contrats de paniers", "state-free": "pas encore distribué",
    "state-given back": "rendu au financeur", "state-spent before the opening": "dépensé avant la reprise des comptes",
    "state-written off": "abandonné", "state-left otherwise": "sorti autrement",
    "cerfa": "Compte rendu financier de subvention",
    "cerfa-note": "Chiffres pour le formulaire Cerfa n° 15059*02, à rendre dans les six mois qui "
    "suivent la fin de l'exercice. Les "
    "charges indirectes et les contributions volontaires ne sont pas dans ce programme : ajoutez-les.",
    "cerfa-charges": "Charges", "cerfa-products": "Produits", "planned": "Prévision", "realised": "Réalisation",
    "percent": "%", "account": "Compte", "label": "Libellé",
    "cerfa-60": "60 - Achats", "cerfa-61": "61 - Services extérieurs", "cerfa-62": "62 - Autres services extérieurs",
    "cerfa-63": "63 - Impôts et taxes", "cerfa-64": "64 - Charges de personnel",
    "cerfa-65": "65 - Autres charges de gestion courante", "cerfa-66": "66 - Charges financières",
    "cerfa-67": "67 - Charges exceptionnelles", "cerfa-68": "68 - Dotations, engagements sur ressources affectées",
    "cerfa-70": "70 - Vente de produits, prestations", "cerfa-73": "73 - Dotations et produits de tarification",
    "cerfa-74": "74 - Subventions d'exploitation", "cerfa-75": "75 - Autres produits de gestion courante",
    "cerfa-76": "76 - Produits financiers", "cerfa-77": "77 - Produits exceptionnels",
    "cerfa-78": "78 - Reprises, report de ressources non utilisées",
    "cerfa-share": "La subvention de {amount} représente {percent} du total des produits de "
    "l'exercice, {products} : (montant attribué / total des produits) × 100.",
    "cerfa-payouts": "Les virements derrière ces chiffres", "cerfa-gap": "À expliquer : écart entre prévision "
    "et réalisation",
    "meeting": "Rapport financier à l'assemblée générale, du {first} au {last}",
    "sources": "Argent reçu, par origine", "source": "Origine", "source-cotisation": "Cotisations",
    "source-gift": "Dons",
    "source-coupon": "Coupons solidaires", "source-own": "Argent propre versé sur les cartes",
    "source-contract": "Versements pour contrats de paniers", "source-other": "Autres recettes",
    "source-returned": "Paiements revenus impayés", "source-opening": "Soldes repris",
    "source-subsidy": "Subvention {name}",
    "credits": "Crédits donnés", "rule": "Règle", "spent": "Dépensé, par catégorie et sorte de point de vente",
    "outlet": "Point de vente", "lapsed": "Crédits échus, revenus dans leurs fonds",
    "few": "moins de cinq personnes, ensemble", "spent-note": "Un chiffre derrière lequel il y a moins de cinq "
    "personnes ou paniers "
    "est compté avec d'autres ; un mois trop petit, ou pas encore fini, n'y est pas.",
    "funds": "Les fonds, de l'ouverture à la clôture", "fund": "Fonds", "opening": "Ouverture", "came-in": "Entré",
    "credited": "Crédité", "used": "Utilisé", "came-back": "Échu", "moved": "Transféré", "closing": "Clôture",
    "promised-still": "Encore à recevoir",
    "members": "Adhérents à la clôture", "members-few": "moins de 5", "bought": "Adhérents ayant acheté, par mois",
    "decisions": "Décisions", "decision": "Décision", "body": "Prise par", "votes": "Pour / contre / abstention",
    "runway": "Combien de temps l'argent dure", "runway-text": "À la clôture il reste {there} dans les fonds ; "
    "à {month} par mois, "
    "cela dure {months},{tenth} mois, jusqu'au {day}.",
    "runway-early": "À la clôture il reste {there} dans les fonds ; il est trop tôt pour dire combien de temps "
    "cela dure.",
    "gauge-text": "Sur douze mois : {came} entrés, {paid} payés par carte, {percent} % du seuil de déclaration.",
    "auditor": "Compte du vérificateur, du {first} au {last}",
    "auditor-note": "Ce rapport lit tout, sauf les personnes : aucun adhérent, aucune carte, aucun panier n'y "
    "est nommé.",
    "two-roads": "Deux chemins vers chaque somme", "ledger": "Grand livre", "books": "Comptabilité", "gap": "Écart",
    "bank": "Banque", "cash": "Espèces", "cheques": "Chèques", "owed-all": "Dû aux points de vente", "purses":
    "Cartes, contrats, réserves et argent de tiers", "receivable": "À recevoir", "result": "Résultat et fonds",
    "other-caisses": "Autres caisses", "members-owe": "Cotisations revenues impayées", "collected": "Prélèvements à compter",
    "elsewhere": "Comptes hors du plan",
    "balance": "Balance", "debit": "Débit", "credit": "Crédit", "batches": "Lots de règlement",
    "closed-by": "Arrêté par",
    "approved-by": "Approuvé par", "state": "État", "returned-payouts": "Virements revenus", "closings": "Mois clos",
    "closed-on": "Clos le",
    "digest": "Empreinte SHA-256", "by-two": "Actes à deux personnes", "act": "Acte", "first-person":
    "Proposé par", "second-person": "Confirmé par", "count": "Nombre", "subsidies": "Subventions",
    "grant": "Subvention",
    "act-TransferConfirmed": "Virement entre fonds",
    "act-RepaymentConfirmed": "Argent rendu à un financeur",
    "act-DepositConfirmed": "Remise en banque",
    "act-BatchApproved": "Lot de règlement",
    "act-BankDetailsApproved": "Coordonnées bancaires de",
    "act-EntryCorrected": "Écriture corrigée",
    "act-InterchangeWrittenOff": "Abandon entre caisses",
    "act-MonthClosed": "Mois clos",
    "body-general-meeting": "assemblée générale", "body-citizens-committee": "comité citoyen",
    "body-residents-group": "groupe d'habitants", "body-board": "conseil", "outlet-other": "autre",
    "given-back": "Rendu", "nothing": "Rien.",
    "tax-receipt": "Reçu au titre des dons n° {year}-{number:04d}",
}  # fmt: skip
"""Key -> text. Values in braces are filled in."""
