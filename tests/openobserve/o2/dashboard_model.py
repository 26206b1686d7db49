# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a dashboard may contain. Version 8, the current one, in full: what the server does not know it forgets, and so
does this. Of the older versions, which the server keeps as they are and its web interface converts, only what they
have in common.

Names are as they stand in JSON, some in camel case and some not, which is the server's own mixture.
"""
from .serde import (Mismatch, anything, any_of, boolean, field, integer, list_of, maybe, number, one_of, option, struct,
                    text)

CURRENT = 8
STREAM_TYPE = one_of("logs", "metrics", "traces", "metadata", "index", "enrichment_tables", "filelist", "service_graph")


def defaults(struct_name, /, **fields):
    """A struct all of whose members have the default of their type: zero, empty or absent."""
    zero = {text: "", number: 0.0, boolean: False, STREAM_TYPE: "logs"}
    return struct(struct_name, **{key: shape if isinstance(shape, field) else field(shape, zero.get(shape, 0))
                           for key, shape in fields.items()})


def maybes(shape, *names):
    return {name: maybe(shape) for name in names}


HAVING = struct("HavingConditions", value=option(number), operator=option(text))
ARG_VALUE = any_of("AxisArgValueWrapper", struct("AxisArgValue", field=option(text), streamAlias=option(text)),
                   text, number)
ARG = struct("AxisArg", type=option(text), value=maybe(ARG_VALUE))
AXIS = struct("AxisItem", label=text, alias=text, color=option(text), type=maybe(one_of("build", "raw", "custom")),
              args=maybe(list_of(ARG)), havingConditions=maybe(list_of(HAVING)),
              **maybes(text, "column", "functionName", "sortBy", "rawQuery"),
              **maybes(boolean, "isDerived", "treatAsNonTimestamp", "showFieldAsJson"))
AXES = list_of(AXIS)

CONDITION = struct("FilterCondition", type=text, values=list_of(text),
                   column=option(struct("StreamFieldObj", field=option(text), streamAlias=option(text))),
                   operator=option(text), value=option(text), logicalOperator=text, filterType=text)


def panel_filter(value, path):
    group = struct("GroupType", filterType=text, logicalOperator=text, conditions=list_of(panel_filter))
    return any_of("PanelFilter", CONDITION, group)(value, path)


SELECTED = struct("SelectedField", streamAlias=option(text), field=text)
JOIN = struct("Join", stream=text, streamAlias=text, joinType=text, conditions=list_of(
    struct("JoinCondition", leftField=SELECTED, rightField=SELECTED, operation=text)))
FIELDS = struct("PanelFields", stream=text, stream_type=STREAM_TYPE, x=AXES, y=AXES, z=field(AXES, list),
                filter=panel_filter, breakdown=maybe(AXES),
                **maybes(AXIS, "latitude", "longitude", "weight", "name", "value_for_maps", "source", "target",
                         "value"),
                **maybes(list_of(anything), "promql_labels", "promql_operations"))
QUERY_CONFIG = struct("QueryConfig", promql_legend=text,
                      time_shift=maybe(list_of(struct("TimeShift", offSet=maybe(text)))),
                      **maybes(text, "step_value", "layer_type"),
                      **maybes(number, "weight_fixed", "limit", "min", "max"))
QUERY = struct("Query", query=option(text), vrlFunctionQuery=option(text), customQuery=boolean, fields=FIELDS,
               config=QUERY_CONFIG, joins=maybe(list_of(JOIN)))

SIZE = struct("LegendSize", value=maybe(number), unit=maybe(text))
TYPED = struct("BaseMap", type=option(text))
RANGE = defaults("DateTimeOptions", type=text, relativeTimePeriod=maybe(text), startTime=maybe(integer()),
                 endTime=maybe(integer()))
COLOR = struct("ColorCfg", mode=maybe(text), fixedColor=maybe(list_of(text)), seriesBy=maybe(text), colorBySeries=maybe(
    list_of(struct("ColorBySeries", **maybes(text, "type", "value", "color")))))
DRILLDOWN = struct("DrillDown", **maybes(text, "name", "type", "findBy"), targetBlank=maybe(boolean), data=maybe(struct(
    "DrillDownData", **maybes(text, "url", "folder", "dashboard", "tab", "logsMode", "logsQuery"),
    passAllVariables=maybe(boolean),
    variables=maybe(list_of(struct("DrillDownVariables", name=option(text), value=option(text)))))))
UNIT = defaults("Value", unit=text, customUnit=text)
OVERRIDE = struct("OverrideConfig", field=maybe(defaults("Field", matchBy=text, value=text)),
                  config=maybe(list_of(struct("Config", type=one_of("unit", "unique_value_color"), value=maybe(UNIT),
                                              autoColor=maybe(boolean)))))
CONFIG = struct(
    "PanelConfig", show_legends=boolean, legends_position=option(text), base_map=option(TYPED),
    map_view=option(defaults("MapView", zoom=number, lat=number, lng=number)), map_type=maybe(TYPED),
    **maybes(text, "legends_type", "chart_align", "unit", "unit_custom", "step_value", "no_value_replacement",
             "aggregation", "lat_label", "lon_label", "weight_label", "name_label", "promql_table_mode"),
    **maybes(number, "decimals", "line_thickness", "top_results", "y_axis_min", "y_axis_max", "axis_width",
             "axis_label_rotate", "axis_label_truncate_width"),
    **maybes(boolean, "top_results_others", "axis_border_show", "show_symbol", "connect_nulls", "wrap_table_cells",
             "table_transpose", "table_dynamic_columns", "show_gridlines", "sticky_first_column", "table_pagination",
             "table_pivot_show_row_totals", "table_pivot_show_col_totals", "table_pivot_sticky_row_totals",
             "table_pivot_sticky_col_totals", "panel_time_enabled"),
    **maybes(list_of(text), "table_aggregations", "visible_columns", "hidden_columns", "sticky_columns",
             "column_order"),
    **maybes(SIZE, "legend_width", "legend_height"), table_pagination_rows_per_page=maybe(integer()),
    label_option=maybe(struct("LabelOption", position=maybe(one_of(
        "top", "left", "right", "bottom", "inside", "insideLeft", "insideRight", "insideTop", "insideBottom",
        "insideTopLeft", "insideBottomLeft", "insideTopRight", "insideBottomRight", "outside")), rotate=maybe(number))),
    line_interpolation=maybe(one_of("smooth", "linear", "step-start", "step-end", "step-middle")),
    map_symbol_style=maybe(defaults("MapSymbolStyle", size=text, size_fixed=number, size_by_value=option(
        defaults("SizeByValue", min=number, max=number)))),
    drilldown=maybe(list_of(DRILLDOWN)),
    mark_line=maybe(list_of(struct("MarkLine", **maybes(text, "name", "type", "value")))),
    override_config=maybe(list_of(OVERRIDE)), color=maybe(COLOR), panel_time_range=maybe(RANGE),
    mappings=maybe(list_of(struct("Mapping", **maybes(text, "type", "value", "from", "to", "pattern", "match", "color",
                                                       "text")))),
    background=maybe(struct("Background", type=text, value=option(struct("BackgroundValue", color=text)))),
    trellis=maybe(defaults("Trellis", layout=option(text), num_of_columns=integer(), **maybes(
        boolean, "group_by_y_axis", "independent_y_axis_scale"))))

LAYOUT = defaults("Layout", **dict.fromkeys("xywhi", integer()))
PANEL = struct("Panel", id=text, type=text, title=text, description=text, config=CONFIG, queryType=field(text, ""),
               queries=list_of(QUERY), layout=maybe(LAYOUT),
               **maybes(text, "htmlContent", "markdownContent", "customChartContent"))
QUERY_DATA = defaults("QueryData", stream_type=STREAM_TYPE, stream=text, field=text, max_record_size=option(integer()),
                      filter=maybe(list_of(defaults("Filters", name=option(text), operator=option(text), value=text))))
VARIABLE = defaults("VariableList", type=text, name=text, label=text, query_data=option(QUERY_DATA), value=option(text),
                    options=option(list_of(defaults("CustomFieldsOption", label=text, value=text,
                                                    selected=maybe(boolean)))),
                    **maybes(boolean, "multiSelect", "hideOnDashboard", "escapeSingleQuotes"),
                    **maybes(text, "selectAllValueForMultiSelect", "scope"),
                    **maybes(list_of(text), "customMultiSelectValue", "tabs", "panels"))
HEAD = {"version": field(integer(), CURRENT), "dashboardId": field(text, ""), "title": field(text, ""),
        "description": field(text, ""), "role": field(text, ""), "owner": field(text, ""), "created": maybe(text)}
DASHBOARD = struct(
    "Dashboard", **HEAD,
    tabs=field(list_of(struct("Tab", tabId=text, name=text, panels=field(list_of(PANEL), list))), list),
    variables=maybe(struct("Variables", list=field(list_of(VARIABLE), list), showDynamicFilters=maybe(boolean))),
    defaultDatetimeDuration=maybe(RANGE))

OLD_PANEL = struct("Panel", keep_others=True, id=text, type=text,
                   config=struct("PanelConfig", keep_others=True, show_legends=boolean))
OLD_PANELS = field(list_of(OLD_PANEL), list)
OLD = struct("Dashboard", keep_others=True, **HEAD, panels=OLD_PANELS)
OLD_WITH_TABS = struct("Dashboard", keep_others=True, **HEAD, tabs=field(list_of(
    struct("Tab", keep_others=True, tabId=text, name=text, panels=OLD_PANELS)), list))


def read(value, path=""):
    """The dashboard as the server keeps it."""
    if not isinstance(value, dict):
        return DASHBOARD(value, path)
    version = value.get("version", CURRENT)
    if version == CURRENT:
        return DASHBOARD(value, path)
    if isinstance(version, bool) or version not in range(1, CURRENT):
        raise Mismatch(path, f"unsupported version: {version}")
    return (OLD if version < 3 else OLD_WITH_TABS)(value, path)
