//! Officers, traders and goods of a sample.
use risk_domain::{Facts, History, LineFacts, Officer, Past, Roster, month_start_us};
use values::{Day, Direction};

use super::dice::Dice;

pub const HOUR: i64 = 3_600_000_000;
const COMMODITIES: [&str; 6] = ["24022090", "85171300", "27011290", "84295200", "44072900", "10063099"];
const PLACES: [&str; 3] = ["LADSV", "VNLBO", "VNHUE"];

/// `n` officers in three overlapping shifts, and a few supervisors.
pub fn roster(n: usize, day: Day, dice: &mut Dice) -> Roster {
    let start = month_start_us(day);
    let officers = (0..n).map(|i| {
        let turn = i64::try_from(i % 3).unwrap_or(0) * 8;
        let shifts = (0..31).map(|d| (start + (24 * d + turn - 1) * HOUR, start + (24 * d + turn + 9) * HOUR)).collect();
        let base = Officer { code: format!("HQ{i:03}"), shifts, ..Officer::default() };
        match i % 9 {
            3 => Officer { lists: vec!["import".to_owned(), "special".to_owned()], ..base },
            4 => Officer { skills: vec!["24".to_owned(), "84-90".to_owned()], ..base },
            5 => Officer { conflicts: vec![trader(dice.below(40))], ..base },
            6 => Officer { places: vec!["VNLBO".to_owned()], cap: 8, ..base },
            7 => Officer { learnt: vec![declarant(dice.below(20))], leave: vec![(start, start + 30 * HOUR)], ..base },
            _ => base,
        }
    });
    let always = |code: String, lists: Vec<String>| Officer { code, lists, shifts: vec![(start, start + 31 * 24 * HOUR)], ..Officer::default() };
    let supervisors = (0..4_usize).map(|i| always(format!("TD{i:03}"), if i == 3 { vec!["export".to_owned()] } else { vec![] }));
    Roster::new(officers.collect(), supervisors.collect())
}

fn trader(n: usize) -> String {
    format!("33000{n:05}")
}

fn declarant(n: usize) -> String {
    format!("D{n:04}")
}

/// One declaration's facts.
pub fn facts(office: &str, group: Option<&str>, dice: &mut Dice) -> Facts {
    let lines = (1..=u32::try_from(1 + dice.below(4)).unwrap_or(1)).map(|line| goods(line, dice)).collect::<Vec<_>>();
    let direction = if dice.once_in(3) { Direction::Export } else { Direction::Import };
    let from_neighbour = dice.once_in(4);
    Facts {
        direction,
        class: if dice.once_in(5) { "parcels" } else { "cargo" }.to_owned(),
        kind: if dice.once_in(60) { "C11" } else { "A11" }.to_owned(),
        office: office.to_owned(),
        team: "00".to_owned(),
        sender: "NSW".to_owned(),
        trader: trader(dice.below(400)),
        declarant: declarant(dice.below(120)),
        counterparty: "SOMPHONE TRADING".to_owned(),
        counterparty_country: "LA".to_owned(),
        transport_mode: "4".to_owned(),
        plate: format!("BK{:04}", dice.below(5000)),
        plate_country: if from_neighbour { "LA" } else { "VN" }.to_owned(),
        loading_place: (*dice.one(&PLACES)).to_owned(),
        unloading_place: (*dice.one(&PLACES)).to_owned(),
        tax_deadline: "D".to_owned(),
        split_first: group.map(|g| format!("{g}0")).unwrap_or_default(),
        currency: "USD".to_owned(),
        value: lines.iter().map(|l| l.value).sum(),
        duty_vnd: 0,
        gross_mass_g: lines.iter().map(|l| l.net_mass_g).sum::<i64>() + 500,
        packages: 1,
        lines,
        history: History { trader: Past { seen_90d: 7, ..Past::default() }, compliance: 3, ..History::default() },
    }
}

fn goods(line: u32, dice: &mut Dice) -> LineFacts {
    let amount = |dice: &mut Dice, most: usize| i64::try_from(1 + dice.below(most)).unwrap_or(1);
    LineFacts {
        line,
        commodity: (*dice.one(&COMMODITIES)).to_owned(),
        description: "điện thoại, mới 100%".to_owned(),
        origin: "CN".to_owned(),
        tariff_table: "B01".to_owned(),
        quantity: amount(dice, 10_000),
        quantity_unit: "PCE".to_owned(),
        value: amount(dice, 900_000_000),
        net_mass_g: amount(dice, 20_000_000),
        duty_rate: 0,
        duty_vnd: 0,
    }
}
