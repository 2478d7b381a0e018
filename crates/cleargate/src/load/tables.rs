//! The tables of the mix: offices and goods with their shares.

/// Share of an office in a thousand declarations, its gate, and whether vehicles come over land.
pub struct Office {
    pub code: &'static str,
    pub gate: &'static str,
    pub weight: u32,
    pub land: bool,
}

/// One office carries well over a third, as La Lay does with its coal trucks.
pub const OFFICES: [Office; 9] = [
    Office { code: "32BC", gate: "LALAY", weight: 380, land: true },
    Office { code: "32BB", gate: "LAOBAO", weight: 220, land: true },
    Office { code: "31BB", gate: "CHALO", weight: 170, land: true },
    Office { code: "33BA", gate: "ADOT", weight: 60, land: true },
    Office { code: "33CF", gate: "", weight: 50, land: false },
    Office { code: "31CD", gate: "", weight: 40, land: false },
    Office { code: "32CD", gate: "", weight: 30, land: false },
    Office { code: "33CC", gate: "", weight: 25, land: false },
    Office { code: "33PD", gate: "", weight: 25, land: false },
];

pub struct Goods {
    pub code: &'static str,
    pub description: &'static str,
    pub origin: &'static str,
    pub unit: &'static str,
    /// USD cents a unit.
    pub price: u64,
    /// Grams a unit.
    pub mass: u64,
    /// 10^-2 percent.
    pub duty: u64,
    pub weight: u32,
}

pub const IMPORTS: [Goods; 12] = [
    Goods {
        code: "27011290", description: "Than đá bitum, nhiệt năng cao", origin: "LA", unit: "KGM", price: 9, mass: 1000, duty: 300, weight: 30
    },
    Goods { code: "44079990", description: "Gỗ xẻ", origin: "LA", unit: "KGM", price: 65, mass: 1000, duty: 0, weight: 10 },
    Goods { code: "07141011", description: "Sắn lát khô", origin: "LA", unit: "KGM", price: 22, mass: 1000, duty: 0, weight: 14 },
    Goods { code: "08039090", description: "Chuối tươi", origin: "LA", unit: "KGM", price: 40, mass: 1000, duty: 0, weight: 10 },
    Goods { code: "17019990", description: "Đường tinh luyện", origin: "TH", unit: "KGM", price: 58, mass: 1000, duty: 500, weight: 6 },
    Goods { code: "27101971", description: "Dầu diesel", origin: "TH", unit: "KGM", price: 82, mass: 1000, duty: 0, weight: 4 },
    Goods {
        code: "84295200",
        description: "Máy xúc thuỷ lực đã qua sử dụng",
        origin: "JP",
        unit: "PCE",
        price: 2_450_000,
        mass: 9_800_000,
        duty: 0,
        weight: 3,
    },
    Goods { code: "85171300", description: "Điện thoại thông minh", origin: "CN", unit: "PCE", price: 18_500, mass: 380, duty: 0, weight: 6 },
    Goods { code: "62034290", description: "Quần dài nam bằng bông", origin: "TH", unit: "PCE", price: 720, mass: 450, duty: 2000, weight: 6 },
    Goods { code: "31021000", description: "Phân urê", origin: "LA", unit: "KGM", price: 33, mass: 1000, duty: 600, weight: 5 },
    Goods { code: "22087090", description: "Rượu mùi", origin: "FR", unit: "LTR", price: 950, mass: 1200, duty: 4500, weight: 2 },
    Goods { code: "24022090", description: "Thuốc lá điếu", origin: "TH", unit: "KGM", price: 2100, mass: 1000, duty: 13500, weight: 1 },
];

pub const EXPORTS: [Goods; 8] = [
    Goods { code: "25232990", description: "Xi măng poóc lăng", origin: "VN", unit: "KGM", price: 7, mass: 1000, duty: 0, weight: 24 },
    Goods { code: "72142031", description: "Thép thanh vằn", origin: "VN", unit: "KGM", price: 68, mass: 1000, duty: 0, weight: 14 },
    Goods { code: "19023040", description: "Mì ăn liền", origin: "VN", unit: "KGM", price: 190, mass: 1000, duty: 0, weight: 12 },
    Goods { code: "62052090", description: "Áo sơ mi nam bằng bông", origin: "VN", unit: "PCE", price: 610, mass: 300, duty: 0, weight: 12 },
    Goods { code: "03061721", description: "Tôm đông lạnh", origin: "VN", unit: "KGM", price: 890, mass: 1000, duty: 0, weight: 8 },
    Goods { code: "44012200", description: "Dăm gỗ keo", origin: "VN", unit: "KGM", price: 14, mass: 1000, duty: 200, weight: 10 },
    Goods { code: "85044090", description: "Bộ nguồn điện", origin: "VN", unit: "PCE", price: 1450, mass: 700, duty: 0, weight: 8 },
    Goods { code: "26140010", description: "Tinh quặng titan", origin: "VN", unit: "KGM", price: 31, mass: 1000, duty: 3000, weight: 3 },
];
