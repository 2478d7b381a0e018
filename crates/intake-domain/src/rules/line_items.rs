//! Items of a goods line (VNACCS terminal guides, IDA items 103 to 132 and EDA items 86 to 108).
use super::access::{access, items, typed};
use super::item::{Item, first, grow};

items! {
    COMMODITY_CODE = each lines.commodity_code, "/lines/*/commodityCode", 0, "mã số hàng hoá", "commodity code", "44072990";
    DESCRIPTION = each lines.description, "/lines/*/description", 600, "mô tả hàng hoá", "description of the goods", "Gỗ xẻ";
    ORIGIN = each lines.origin, "/lines/*/origin", 0, "mã nước xuất xứ", "origin", "LA";
    TARIFF_TABLE = each lines.tariff_table, "/lines/*/tariffTable", 0, "mã biểu thuế nhập khẩu", "tariff table", "B04";
    QUANTITY = each lines.quantity, "/lines/*/quantity", 0, "số lượng (1)", "quantity (1)", "100";
    QUANTITY_UNIT = each lines.quantity_unit, "/lines/*/quantityUnit", 4, "đơn vị số lượng (1)", "unit of quantity (1)", "MTQ";
    SECOND_QUANTITY = each lines.second_quantity, "/lines/*/secondQuantity", 0, "số lượng (2)", "quantity (2)", "17500";
    SECOND_UNIT = each lines.second_unit, "/lines/*/secondUnit", 4, "đơn vị số lượng (2)", "unit of quantity (2)", "KGM";
    VALUE = each lines.value, "/lines/*/value", 0, "trị giá hoá đơn của dòng hàng", "invoice value of the line", "25000";
    UNIT_PRICE = each lines.unit_price, "/lines/*/unitPrice", 0, "đơn giá hoá đơn", "invoice unit price", "250";
    PRICE_CURRENCY = each lines.unit_price_currency, "/lines/*/unitPriceCurrency", 0, "mã đồng tiền của đơn giá", "currency of the unit price", "USD";
    PRICE_UNIT = each lines.unit_price_unit, "/lines/*/unitPriceUnit", 4, "đơn vị của đơn giá", "unit of the unit price", "MTQ";
    CUSTOMS_VALUE = each lines.customs_value, "/lines/*/customsValue", 0, "trị giá tính thuế của dòng hàng", "customs value of the line", "25000";
    LINE_CURRENCY = each lines.customs_value_currency, "/lines/*/customsValueCurrency", 0, "mã đồng tiền của trị giá tính thuế", "customs value currency", "USD";
    LINE_ADJUSTMENT = line_texts adjustments, "/lines/*/adjustments/*", 0, "số thứ tự khoản điều chỉnh", "valuation number", "1";
    DUTY_RATE = each lines.duty_rate, "/lines/*/dutyRate", 0, "thuế suất", "duty rate", "5";
    SPECIFIC_RATE = each lines.specific_rate, "/lines/*/specificRate", 0, "mức thuế tuyệt đối", "specific duty rate", "10";
    SPECIFIC_UNIT = each lines.specific_unit, "/lines/*/specificUnit", 4, "đơn vị tính thuế tuyệt đối", "unit of the specific duty rate", "MTQ";
    SPECIFIC_CURRENCY = each lines.specific_currency, "/lines/*/specificCurrency", 0, "mã đồng tiền của thuế tuyệt đối", "currency of the specific duty rate", "USD";
    DUTY = each lines.duty, "/lines/*/duty", 0, "tiền thuế của dòng hàng", "duty of the line", "31250000";
    TEMPORARY_LINE = each lines.temporary_line, "/lines/*/temporaryLine", 0, "số dòng của tờ khai tạm nhập, tạm xuất", "line of the temporary declaration", "01";
    EXEMPTION_LIST = each lines.exemption_list, "/lines/*/exemptionList", 12, "số danh mục miễn thuế", "exemption list number", "100000000002";
    EXEMPTION_LINE = each lines.exemption_line, "/lines/*/exemptionLine", 0, "số dòng trong danh mục miễn thuế", "line of the exemption list", "001";
    EXEMPTION_CODE = each lines.exemption_code, "/lines/*/exemptionCode", 5, "mã miễn, giảm thuế", "duty exemption code", "XN020";
    REDUCTION = each lines.reduction, "/lines/*/reduction", 0, "số tiền giảm thuế", "duty reduction amount", "1000";
    TAX_TYPE = other_tax r#type, "/lines/*/otherTaxes/*/type", 10, "mã loại thuế và thu khác", "other tax type code", "VB901";
    TAX_EXEMPTION = other_tax exemption, "/lines/*/otherTaxes/*/exemption", 5, "mã miễn, giảm của thuế và thu khác", "other-tax exemption code", "V1";
    TAX_REDUCTION = other_tax reduction, "/lines/*/otherTaxes/*/reduction", 0, "số tiền giảm của thuế và thu khác", "other-tax reduction amount", "1000";
    NET_MASS = each lines.net_mass, "/lines/*/netMass", 0, "trọng lượng tịnh của dòng hàng", "net mass of the line", "17500";
    CONTAINER = each lines.container, "/lines/*/container", 12, "số container của dòng hàng", "container of the line", "TCLU1234567";
    MATERIAL_CODE = each lines.material_code, "/lines/*/materialCode", 7, "mã nguyên liệu, sản phẩm", "material code", "1";
}
