"""Law: how a village opens a collective account: two officers for the account, two for each mandatary, a card for each."""

from tests.acceptance.schemes.village import Village, card_of


def collective(caisse: Village, account: str, *mandataries: str, cents: int, two_person_cents: int = 20_000) -> None:
    """An account with `cents` of credit; each mandatary's card is called like the mandatary and may spend 500.00 at once."""
    caisse.order("admit_members", members=[{"member": account, "groups": []}])
    caisse.order("credit_purse", member=account, purse="credit", fund="general", cents=cents, reference="subsidy")
    caisse.order("propose_account", by="alix", account=account, two_person_cents=two_person_cents)
    caisse.order("open_account", by="basile", account=account, two_person_cents=two_person_cents)
    for mandatary in mandataries:
        caisse.order("issue_cards", cards=[
            {"card": card_of(mandatary), "key_version": 1, "member": account, "alias": mandatary}
        ])  # fmt: skip
        for verb, by in (("propose_mandatary", "alix"), ("name_mandatary", "basile")):
            caisse.order(
                verb, by=by, account=account, mandatary=mandatary, alias=mandatary, purchase_cents=50_000, month_cents=90_000
            )
