"""Law: this is the closed list of all events; a type number is given once and never used again."""

from typing import Final

from clearing.events.caisse import (
    CaisseFounded,
    CharteAdopted,
    ClockConfirmed,
    CommandDeclined,
    DecisionRecorded,
    FrameHeld,
    PersonNamed,
    PersonProposed,
    PersonRemoved,
    SecurityAlerted,
)
from clearing.events.funds import (
    AllocationDeclined,
    AllocationGranted,
    AllocationRuleSet,
    CohortLapsed,
    FundOpened,
    LotLapsed,
    MoneyNotified,
    MoneyReceived,
    PurseCredited,
    SingleGranted,
)
from clearing.events.members import (
    CardBlocked,
    CardIssued,
    CardUnblocked,
    MemberAdmitted,
    MemberGroupsChanged,
)
from clearing.events.producers import (
    BankDetailsApproved,
    BankDetailsProposed,
    ConventionResumed,
    ConventionSigned,
    ConventionSuspended,
    ProducerAdmitted,
    TerminalEnrolled,
    TerminalResumed,
    TerminalSlotClosed,
    TerminalSlotOpened,
    TerminalSuspended,
)
from clearing.events.sales import (
    AuthorisationDecided,
    CaptureDecided,
    HoldExpired,
    OperationRepeated,
    RefundDecided,
    ReversalDecided,
    SaleDecided,
)
from clearing.events.settlement import (
    BatchApproved,
    BatchClosed,
    BatchExported,
    PayoutConfirmed,
    PayoutReturned,
)

Event = (
    CaisseFounded
    | PersonProposed
    | PersonNamed
    | PersonRemoved
    | DecisionRecorded
    | CharteAdopted
    | CommandDeclined
    | SecurityAlerted
    | FrameHeld
    | ClockConfirmed
    | FundOpened
    | MoneyNotified
    | MoneyReceived
    | AllocationRuleSet
    | AllocationGranted
    | SingleGranted
    | AllocationDeclined
    | CohortLapsed
    | PurseCredited
    | LotLapsed
    | MemberAdmitted
    | MemberGroupsChanged
    | CardIssued
    | CardBlocked
    | CardUnblocked
    | ProducerAdmitted
    | ConventionSigned
    | ConventionSuspended
    | ConventionResumed
    | BankDetailsProposed
    | BankDetailsApproved
    | TerminalSlotOpened
    | TerminalSlotClosed
    | TerminalEnrolled
    | TerminalSuspended
    | TerminalResumed
    | SaleDecided
    | AuthorisationDecided
    | CaptureDecided
    | ReversalDecided
    | RefundDecided
    | HoldExpired
    | OperationRepeated
    | BatchClosed
    | BatchApproved
    | BatchExported
    | PayoutConfirmed
    | PayoutReturned
)

EVENTS: Final[tuple[type[Event], ...]] = (
    CaisseFounded,
    PersonProposed,
    PersonNamed,
    PersonRemoved,
    DecisionRecorded,
    CharteAdopted,
    CommandDeclined,
    SecurityAlerted,
    FrameHeld,
    ClockConfirmed,
    FundOpened,
    MoneyNotified,
    MoneyReceived,
    AllocationRuleSet,
    AllocationGranted,
    SingleGranted,
    AllocationDeclined,
    CohortLapsed,
    PurseCredited,
    LotLapsed,
    MemberAdmitted,
    MemberGroupsChanged,
    CardIssued,
    CardBlocked,
    CardUnblocked,
    ProducerAdmitted,
    ConventionSigned,
    ConventionSuspended,
    ConventionResumed,
    BankDetailsProposed,
    BankDetailsApproved,
    TerminalSlotOpened,
    TerminalSlotClosed,
    TerminalEnrolled,
    TerminalSuspended,
    TerminalResumed,
    SaleDecided,
    AuthorisationDecided,
    CaptureDecided,
    ReversalDecided,
    RefundDecided,
    HoldExpired,
    OperationRepeated,
    BatchClosed,
    BatchApproved,
    BatchExported,
    PayoutConfirmed,
    PayoutReturned,
)
