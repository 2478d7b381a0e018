//! The vocabulary of facts that a profile may ask about: name, type, and how the value is read.
use crate::facts::{Facts, LineFacts};

/// Type of a fact: which operators and which values fit it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Free code.
    Text,
    /// `import` or `export`.
    Direction,
    /// Digits of a commodity code.
    Commodity,
    /// ISO 3166-1 alpha-2.
    Country,
    /// ISO 4217.
    Currency,
    /// Office code.
    Office,
    /// Integer with that many decimals behind the point when written.
    Number(u32),
    /// True or false.
    Flag,
}

/// A fact as read, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen<'a> {
    /// Not stated or not defined.
    Absent,
    /// Text, never empty.
    Text(&'a str),
    /// Integer at the scale of the fact.
    Number(i64),
    /// Flag.
    Flag(bool),
}

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident of $subject:ty, $($variant:ident = $text:literal, $kind:expr, $vi:literal, $en:literal, |$f:ident| $seen:expr;)+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $(#[doc = $en] $variant,)+
        }

        impl $name {
            /// Every fact.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// By name.
            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// Name in profiles.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// Type.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => $kind,)+ }
            }

            /// Vietnamese and English words for it.
            pub const fn label(self) -> (&'static str, &'static str) {
                match self { $(Self::$variant => ($vi, $en),)+ }
            }

            /// Its value.
            pub fn read(self, subject: &$subject) -> Seen<'_> {
                match self { $(Self::$variant => { let $f = subject; $seen })+ }
            }
        }
    };
}

vocabulary!(
    /// Facts about the declaration as a whole.
    DeclarationFact of Facts,
    Direction = "direction", Kind::Direction, "hướng", "direction", |f| Seen::Text(f.direction.as_str());
    Class = "class", Kind::Text, "loại lô hàng", "traffic class", |f| text(&f.class);
    Procedure = "kind", Kind::Text, "mã loại hình", "procedure", |f| text(&f.kind);
    Office = "office", Kind::Office, "đơn vị hải quan", "office", |f| text(&f.office);
    Team = "team", Kind::Text, "đội", "team", |f| text(&f.team);
    Trader = "trader", Kind::Text, "mã số thuế", "trader", |f| text(&f.trader);
    Declarant = "declarant", Kind::Text, "người khai", "declarant", |f| text(&f.declarant);
    CounterpartyCountry = "counterparty_country", Kind::Country, "nước đối tác", "counterparty's country", |f| text(&f.counterparty_country);
    TransportMode = "transport_mode", Kind::Text, "phương thức vận chuyển", "transport mode", |f| text(&f.transport_mode);
    Plate = "plate", Kind::Text, "biển số", "plate", |f| text(&f.plate);
    PlateCountry = "plate_country", Kind::Text, "nước của biển số", "country of the plate", |f| text(&f.plate_country);
    GrossMass = "gross_mass", Kind::Number(3), "tổng trọng lượng (kg)", "gross mass (kg)", |f| Seen::Number(f.gross_mass_g);
    Packages = "packages", Kind::Number(0), "số kiện", "packages", |f| Seen::Number(i64::from(f.packages));
    Currency = "currency", Kind::Currency, "đồng tiền", "currency", |f| text(&f.currency);
    Value = "value", Kind::Number(4), "tổng trị giá hoá đơn", "invoice total", |f| Seen::Number(f.value);
    Duty = "duty", Kind::Number(0), "tiền thuế (VND)", "duty (VND)", |f| Seen::Number(f.duty_vnd);
    TaxDeadline = "tax_deadline", Kind::Text, "mã thời hạn nộp thuế", "tax deadline", |f| text(&f.tax_deadline);
    LoadingPlace = "loading_place", Kind::Text, "địa điểm xếp hàng", "loading place", |f| text(&f.loading_place);
    UnloadingPlace = "unloading_place", Kind::Text, "địa điểm dỡ hàng", "unloading place", |f| text(&f.unloading_place);
    SplitFirst = "split_first", Kind::Text, "tờ khai nhánh của", "split from", |f| text(&f.split_first);
    Lines = "lines", Kind::Number(0), "số dòng hàng", "goods lines", |f| Seen::Number(i64::try_from(f.lines.len()).unwrap_or(i64::MAX));
    TraderDeclarations30 = "trader.declarations_30", COUNT, "tờ khai của doanh nghiệp trong 30 ngày", "trader's declarations in 30 days", |f| count(f.trader_history.declarations_30);
    TraderDeclarations90 = "trader.declarations_90", COUNT, "tờ khai của doanh nghiệp trong 90 ngày", "trader's declarations in 90 days", |f| count(f.trader_history.declarations_90);
    TraderDeclarations365 = "trader.declarations_365", COUNT, "tờ khai của doanh nghiệp trong 365 ngày", "trader's declarations in 365 days", |f| count(f.trader_history.declarations_365);
    TraderNotConform30 = "trader.not_conform_30", COUNT, "lần không phù hợp của doanh nghiệp trong 30 ngày", "trader's checks not conform in 30 days", |f| count(f.trader_history.not_conform_30);
    TraderNotConform90 = "trader.not_conform_90", COUNT, "lần không phù hợp của doanh nghiệp trong 90 ngày", "trader's checks not conform in 90 days", |f| count(f.trader_history.not_conform_90);
    TraderNotConform365 = "trader.not_conform_365", COUNT, "lần không phù hợp của doanh nghiệp trong 365 ngày", "trader's checks not conform in 365 days", |f| count(f.trader_history.not_conform_365);
    DeclarantDeclarations30 = "declarant.declarations_30", COUNT, "tờ khai của người khai trong 30 ngày", "declarant's declarations in 30 days", |f| count(f.declarant_history.declarations_30);
    DeclarantDeclarations90 = "declarant.declarations_90", COUNT, "tờ khai của người khai trong 90 ngày", "declarant's declarations in 90 days", |f| count(f.declarant_history.declarations_90);
    DeclarantDeclarations365 = "declarant.declarations_365", COUNT, "tờ khai của người khai trong 365 ngày", "declarant's declarations in 365 days", |f| count(f.declarant_history.declarations_365);
    DeclarantNotConform30 = "declarant.not_conform_30", COUNT, "lần không phù hợp của người khai trong 30 ngày", "declarant's checks not conform in 30 days", |f| count(f.declarant_history.not_conform_30);
    DeclarantNotConform90 = "declarant.not_conform_90", COUNT, "lần không phù hợp của người khai trong 90 ngày", "declarant's checks not conform in 90 days", |f| count(f.declarant_history.not_conform_90);
    DeclarantNotConform365 = "declarant.not_conform_365", COUNT, "lần không phù hợp của người khai trong 365 ngày", "declarant's checks not conform in 365 days", |f| count(f.declarant_history.not_conform_365);
    VehicleHeldCount = "vehicle.held_count", COUNT, "lần phương tiện bị tạm giữ trong 365 ngày", "times the vehicle was held in 365 days", |f| count(f.vehicle.held_count);
    VehicleSeen = "vehicle.seen", Kind::Flag, "phương tiện đã qua cửa khẩu", "vehicle seen before", |f| if f.plate.is_empty() { Seen::Absent } else { Seen::Flag(f.vehicle.seen) };
);

vocabulary!(
    /// Facts about one goods line; a profile that asks for one matches line by line.
    LineFact of LineFacts,
    CommodityCode = "line.commodity_code", Kind::Commodity, "mã số hàng hoá", "commodity code", |l| text(&l.commodity_code);
    Origin = "line.origin", Kind::Country, "xuất xứ", "origin", |l| text(&l.origin);
    TariffTable = "line.tariff_table", Kind::Text, "biểu thuế", "tariff table", |l| text(&l.tariff_table);
    Quantity = "line.quantity", Kind::Number(2), "lượng", "quantity", |l| Seen::Number(l.quantity);
    QuantityUnit = "line.quantity_unit", Kind::Text, "đơn vị tính", "unit", |l| text(&l.quantity_unit);
    NetMass = "line.net_mass", Kind::Number(3), "trọng lượng tịnh (kg)", "net mass (kg)", |l| Seen::Number(l.net_mass_g);
    Value = "line.value", Kind::Number(4), "trị giá dòng hàng", "line value", |l| Seen::Number(l.value);
    ValuePerKg = "line.value_per_kg", Kind::Number(4), "trị giá một kg", "value per kilogram", |l| l.value_per_kg().map_or(Seen::Absent, Seen::Number);
    DutyRate = "line.duty_rate", Kind::Number(4), "thuế suất (%)", "duty rate (%)", |l| Seen::Number(l.duty_rate);
    Duty = "line.duty", Kind::Number(0), "tiền thuế dòng hàng (VND)", "line duty (VND)", |l| Seen::Number(l.duty_vnd);
);

const COUNT: Kind = Kind::Number(0);

fn text(value: &str) -> Seen<'_> {
    if value.is_empty() { Seen::Absent } else { Seen::Text(value) }
}

fn count(value: u32) -> Seen<'static> {
    Seen::Number(i64::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_and_no_two_facts_share_one() {
        assert!(DeclarationFact::ALL.iter().all(|f| DeclarationFact::parse(f.name()) == Some(*f)));
        assert!(LineFact::ALL.iter().all(|f| LineFact::parse(f.name()) == Some(*f) && DeclarationFact::parse(f.name()).is_none()));
    }
}
