"""What a resolved ticket costs."""

from dataclasses import dataclass

FEES_IN_CENTS = {"low": 2_000, "medium": 4_000, "high": 8_000, "urgent": 12_000}
DEFAULT_FEE_IN_CENTS = 4_000


@dataclass
class Invoice:
    """An invoice for one ticket; `tax_rate` is a share of the net amount (0.19 is 19 %)."""

    number: str
    ticket: str
    net_cents: int
    tax_rate: float = 0.0

    @property
    def total_cents(self):
        return round(self.net_cents * (1 + self.tax_rate))


def create_invoice(ticket):
    """Return the invoice for a ticket, priced by its priority and not yet taxed."""
    return Invoice(
        number=f"INV-{ticket.reference}",
        ticket=ticket.reference,
        net_cents=FEES_IN_CENTS.get(ticket.priority, DEFAULT_FEE_IN_CENTS),
    )
