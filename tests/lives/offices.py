"""Law: at the desk: money in and out of funds, credit, cotisations, contracts, households, batches, second units."""

from typing import Any

from clearing.events.cotisations import CotisationReturned, DepositCounted
from clearing.rules.stalls.payouts import PayoutState
from clearing.rules.stalls.settlement import BatchState
from tests.lives.world import FUNDS, MEMBERS, PRODUCERS, SUBSIDIES, World
from tests.sayings import BRUNO


class Offices(World):
    # funds

    def open_books(self) -> None:
        """What the caisse had on paper: purses, what was spent before, debts."""
        dice = self.dice
        purses: list[dict[str, Any]] = [
            {"member": name, "purse": "credit", "fund": dice.choice(("general", "tier")), "cents": dice.randint(1, 900)}
            for name in MEMBERS if dice.random() < 0.7
        ]
        purses += [{"member": name, "purse": "own", "cents": dice.randint(1, 500)} for name in MEMBERS if dice.random() < 0.5]
        funds = []
        for fund in ("general", "tier", "solidarity"):
            engaged = sum(one["cents"] for one in purses if one.get("fund") == fund) + dice.randint(0, 400)
            received = engaged + (dice.randint(-300, 500) if fund == "tier" else dice.randint(0, 2_000))
            received = max(received, engaged if fund != "tier" else 0)
            notified = max(received, engaged) if fund == "tier" else 0
            funds.append({"fund": fund, "notified_cents": notified, "received_cents": received, "engaged_cents": engaged})
        debts = [{"producer": name, "cents": dice.randint(1, 900)} for name in PRODUCERS if dice.random() < 0.5]
        bank = sum(one["received_cents"] - one["engaged_cents"] for one in funds)
        bank += sum(one["cents"] for one in (*purses, *debts))
        body = {"as_of": "2026-04-30", "bank_cents": bank, "purses": purses, "funds": funds, "debts": debts}
        self.order("propose_opening", body)
        self.order("accept_opening", body, BRUNO)

    def promise(self) -> None:
        """Every funder writes a letter; each only once."""
        for grant, fund in SUBSIDIES.items():
            self.order("notify_subsidy", {
                "grant": grant, "funder": grant.title(), "fund": fund, "cents": 60_000, "purpose": "food", "reference": "no. 1",
            })  # fmt: skip

    def subsidy_comes(self) -> None:
        grant = self.dice.choice(tuple(SUBSIDIES))
        self.order("receive_subsidy", {"grant": grant, "cents": self.dice.randint(1, 9_000), "reference": self.reference()})

    def money_comes(self) -> None:
        fund, _ = self.dice.choice(FUNDS)
        self.order("receive_money", {"fund": fund, "cents": self.dice.randint(1, 4_000), "reference": self.reference()})

    def coupons_sold(self) -> None:
        number = self.dice.randint(1, 20)
        self.order("sell_coupons", {"fund": "solidarity", "number": number, "means": "cash", "reference": self.reference()})

    def transfer(self) -> None:
        (fund, _), (to, _) = self.dice.sample(FUNDS, 2)
        proposed = self.order("propose_transfer", {
            "fund": fund, "to": to, "cents": self.dice.randint(1, 900), "reason": "r", "decision": "ag-2026-04",
        })  # fmt: skip
        if proposed:
            self.order("confirm_transfer", {"transfer": len(self.story.book.subsidies.transfers)}, BRUNO)

    def repay(self) -> None:
        grant = self.dice.choice(tuple(SUBSIDIES))
        if not self.order("propose_repayment", {
            "grant": grant, "cents": self.dice.randint(1, 900), "reason": "r", "decision": "ag-2026-04",
        }):  # fmt: skip
            return
        number = len(self.story.book.subsidies.repayments)
        self.order("confirm_repayment", {"repayment": number}, BRUNO)
        if self.dice.random() < 0.7:
            self.order("repayment_paid", {"repayment": number, "reference": self.reference()})

    # credit

    def grant(self) -> None:
        self.order("grant", {"rule": self.dice.choice(("monthly", "late")), "period": self.today()[:7]})

    def grant_one(self) -> None:
        self.order("grant_single", {"rule": "monthly", "period": self.today()[:7], "member": self.member()}, BRUNO)

    def credit(self) -> None:
        body: dict[str, Any] = {"member": self.member(), "purse": "credit", "fund": self.dice.choice(("general", "tier")),
                                "cents": self.dice.randint(1, 1_500), "reference": self.reference()}  # fmt: skip
        if self.dice.random() < 0.6:
            body["expires_us"] = self.story._next_us() + self.dice.randint(1, 20) * 86_400_000_000
        self.order("credit_purse", body, BRUNO)

    def own_money(self) -> None:
        account = self.dice.random() < 0.4
        self.order("credit_purse", {
            "member": "gout" if account else self.member(), "purse": "credit" if account else "own",
            "cents": self.dice.randint(1, 6_000), "reference": self.reference(),
        }, BRUNO)  # fmt: skip

    # cotisations and gifts

    def cotisation(self) -> None:
        means, reference = self.dice.choice(("cash", "cheque", "transfer", "debit")), self.reference()
        done = self.order("receive_cotisation", {
            "member": self.member(), "rule": "cotisation", "period": self.today()[:7], "cents": self.dice.randint(100, 2_000),
            "means": means, "reference": reference,
        })  # fmt: skip
        if done and means != "cash":
            self.paid_in.append(reference)

    def cotisation_back(self) -> None:
        if not self.paid_in:
            return
        reference = self.paid_in.pop(self.dice.randrange(len(self.paid_in)))
        for event in self.order("return_cotisation", {"reference": reference, "reason": "AM04"}):
            if isinstance(event, CotisationReturned) and self.dice.random() < 0.7:
                body = {"member": event.member, "period": event.period, "reason": "hard times"}
                self.order("write_off_cotisation", body, BRUNO)

    def gift(self) -> None:
        self.order("receive_gift", {
            "donor": "donor:d-1", "fund": self.dice.choice(("general", "panier")), "cents": self.dice.randint(1, 900),
            "means": self.dice.choice(("cash", "cheque", "transfer")), "reference": self.reference(),
        })  # fmt: skip

    def deposit(self) -> None:
        cents = self.dice.randint(1, 900)
        for event in self.order("count_deposit", {"account": self.dice.choice(("cash", "cheques")), "cents": cents}):
            if isinstance(event, DepositCounted):
                body = {"deposit": event.deposit, "cents": cents, "reference": self.reference()}
                self.order("confirm_deposit", body, BRUNO)

    # contracts

    def sign(self) -> None:
        number = len(self.story.book.contracts.contracts) + 1
        body: dict[str, Any] = {
            "contract": f"c-{number}", "season": "veg-2026", "member": self.member(),
            "full_cents": self.dice.randint(600, 9_000), "portions": [{"product": "basket", "qty_milli": 1_000}],
            "instalments": [{"due_on": f"2026-{month:02d}-05"} for month in range(5, 5 + self.dice.randint(1, 4))],
        }
        if self.dice.random() < 0.7:
            body |= {"fund": "panier", "fund_rate": 100 * self.dice.randint(1, 100), "fund_until": "2026-07-31"}
        self.order("sign_contract", body)

    def _contract(self) -> str:
        return str(self.dice.choice([*self.story.book.contracts.contracts, "c-0"]))

    def pay_instalment(self) -> None:
        body = {"contract": self._contract(), "instalment": self.dice.randint(1, 4), "reference": self.reference(),
                "means": self.dice.choice(("cash", "cheque", "transfer", "debit"))}  # fmt: skip
        self.order("pay_instalment", body | ({"cents": 100} if self.dice.random() < 0.3 else {}))

    def return_instalment(self) -> None:
        paid = [(name, one) for name, one in self.story.book.contracts.contracts.items() if one.references]
        if paid:
            name, contract = self.dice.choice(paid)
            body = {"contract": name, "reference": self.dice.choice([*contract.references]), "reason": "no cover"}
            if not self.order("return_instalment", body | {"instalment": 1}):
                self.order("return_instalment", body | {"instalment": 2})

    def pay_fund_parts(self) -> None:
        self.order("pay_fund_parts", {"season": "veg-2026", "up_to_on": self._later(), "reference": self.reference()})

    def pay_over(self) -> None:
        self.order("pay_over_contracts", {"season": "veg-2026", "up_to_on": self._later()})

    def _later(self) -> str:
        return self.dice.choice((self.today(), "2026-06-06", "2026-08-08"))

    def crop_loss(self) -> None:
        self.order("declare_crop_loss", {
            "season": "veg-2026", "on": self.dice.choice(("2026-05-21", "2026-06-14", "2026-07-07")), "reason": "hail",
            "kept_rate": self.dice.choice((0, 5_000)),
        })  # fmt: skip

    def end_contract(self) -> None:
        name = self._contract()
        if self.dice.random() < 0.1:
            self.order("end_season", {"season": "veg-2026", "last_on": "2026-05-07", "reason": "the farm stops"})
        else:
            self.order("end_contract", {
                "contract": name, "leaving": self.dice.choice(("member", "producer")), "reason": "stops",
                "last_on": self.dice.choice(("2026-05-07", "2026-05-14", None)),
            })  # fmt: skip
        for ended, one in self.story.book.contracts.contracts.items():
            if one.refundable_cents and self.dice.random() < 0.8:
                self.order("refund_contract", {"contract": ended, "cents": one.refundable_cents, "reference": self.reference()})

    # households

    def part(self) -> None:
        number = len(self.story.book.members.members)
        member = self.member()
        self.order("separate_household", {"member": member, "new_member": f"m-{number}", "eaters": [f"{member}.1"]}, BRUNO)

    def leave(self) -> None:
        if len(self.story.book.households.closed) < 2:
            self.order("leave_caisse", {"member": self.member(), "reason": "moved"}, BRUNO)

    def money_back(self) -> None:
        for member, cents in list(self.story.book.households.owed.items()):
            if cents:
                self.order("propose_pay_back", {"member": member, "how": "transfer", "reference": self.reference()}, BRUNO)
                self.order("confirm_pay_back", {"member": member, "cents": cents})

    # settlement

    def close(self) -> None:
        self.order("close_batch", {"closed_on": self.today()})
        for number, batch in self.story.book.settlement.batches.items():
            if batch.state is BatchState.CLOSED and self.dice.random() < 0.8:
                self.order("approve_batch", {"batch": number, "execution_on": self.today()}, BRUNO)
                self.order("export_batch", {"batch": number, "message_id": f"b-{number}", "file_sha256": b"f" * 32})

    def bank(self) -> None:
        for number, batch in self.story.book.settlement.batches.items():
            for producer, payout in list(batch.payouts.items()):
                chance, state = self.dice.random(), payout.state
                body: dict[str, Any] = {"batch": number, "producer": producer}
                if state is PayoutState.INSTRUCTED and chance < 0.6:
                    self.order("confirm_payout", {**body, "reference": self.reference()})
                elif state in (PayoutState.INSTRUCTED, PayoutState.EXECUTED) and chance > 0.85:
                    self.order("return_payout", {**body, "reason": "AC04"})

    def shut(self) -> None:
        """The caisse ends: nothing is spent any more, own money and rests leave."""
        body = {"last_day": self.today(), "decision": "ag-2026-04", "heirs": [
            {"fund": name, "body": f"Friends of {name}"} for name, _ in FUNDS
        ]}
        self.order("propose_closure", body)
        self.order("confirm_closure", body, BRUNO)
        self.pass_time(9 * 86_400_000_000)
        for _ in range(3):
            self.close()
            self.bank()
        self.order("release_own_money", {})
        for member in [*self.story.book.closing.own]:
            self.order("own_money_paid", {"member": member, "reference": self.reference()})
        self.order("release_rests", {})
        for fund in [*self.story.book.closing.rests]:
            self.order("rest_paid", {"fund": fund, "reference": self.reference()})
        for name in PRODUCERS:
            owed = self.story.book.settlement.owed.get(name)
            if owed is not None and owed.net_cents() < 0:
                self.order("producer_repaid", {"producer": name, "cents": -owed.net_cents(), "reference": self.reference()})

    def units(self) -> None:
        holder = self.dice.choice((f"member:{self.member()}", f"producer:{self.dice.choice(PRODUCERS)}"))
        other = self.dice.choice((f"member:{self.member()}", f"producer:{self.dice.choice(PRODUCERS)}"))
        pieces = self.dice.randint(1, 40)
        self.order("issue_unit", {"unit": "gemme", "pieces": pieces, "holder": holder, "reference": self.reference()})
        move = {"pieces": self.dice.randint(1, pieces), "giver": holder, "taker": other, "reference": self.reference()}
        self.order("move_units", {"unit": "gemme", "moves": [move]})
        self.order("take_back_unit", {"unit": "gemme", "pieces": 1, "holder": other, "reference": self.reference()})
