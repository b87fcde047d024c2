//! Functions of the language that are known and not worked out here, each refused by its name and with the reason, so that nobody takes it for a slip
//! of the pen.

use super::{Function, plain};
use crate::kql::error::KqlError;

const SKETCH: &str = "its value is a sketch that only the service reads; dcount() and percentile() work on the rows themselves";
const GEO: &str = "there is no geometry here; compare the coordinates themselves";
const SERVICE: &str = "it tells of the service that runs a query, and there is none here";
const FORMAT: &str =
    "the format is not read here; extract() or parse take single values out of the text";
const CHANGES: &str =
    "its value is the service's own and may change; hash_sha256(strcat(…)) gives one that lasts";
const UNIT: &str = "units are not converted here; multiply by the factor";

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[
    refused::<0>("parse_xml"),
    refused::<0>("parse_user_agent"),
    refused::<0>("punycode_from_string"),
    refused::<0>("punycode_to_string"),
    refused::<0>("punycode_domain_from_string"),
    refused::<0>("punycode_domain_to_string"),
    refused::<0>("gzip_compress_to_base64_string"),
    refused::<0>("gzip_decompress_from_base64_string"),
    refused::<0>("zlib_compress_to_base64_string"),
    refused::<0>("zlib_decompress_from_base64_string"),
    refused::<1>("dcount_hll"),
    refused::<1>("percentile_tdigest"),
    refused::<1>("percentile_array_tdigest"),
    refused::<1>("percentrank_tdigest"),
    refused::<1>("rank_tdigest"),
    refused::<2>("geo_angle"),
    refused::<2>("geo_azimuth"),
    refused::<2>("geo_closest_point_on_line"),
    refused::<2>("geo_closest_point_on_polygon"),
    refused::<2>("geo_distance_2points"),
    refused::<2>("geo_distance_point_to_line"),
    refused::<2>("geo_distance_point_to_polygon"),
    refused::<2>("geo_from_wkt"),
    refused::<2>("geo_geohash_neighbors"),
    refused::<2>("geo_geohash_to_central_point"),
    refused::<2>("geo_geohash_to_polygon"),
    refused::<2>("geo_h3cell_children"),
    refused::<2>("geo_h3cell_level"),
    refused::<2>("geo_h3cell_neighbors"),
    refused::<2>("geo_h3cell_parent"),
    refused::<2>("geo_h3cell_rings"),
    refused::<2>("geo_h3cell_to_central_point"),
    refused::<2>("geo_h3cell_to_polygon"),
    refused::<2>("geo_info_from_ip_address"),
    refused::<2>("geo_intersection_2lines"),
    refused::<2>("geo_intersection_2polygons"),
    refused::<2>("geo_intersection_line_with_polygon"),
    refused::<2>("geo_intersects_2lines"),
    refused::<2>("geo_intersects_2polygons"),
    refused::<2>("geo_intersects_line_with_polygon"),
    refused::<2>("geo_line_buffer"),
    refused::<2>("geo_line_centroid"),
    refused::<2>("geo_line_densify"),
    refused::<2>("geo_line_interpolate_point"),
    refused::<2>("geo_line_length"),
    refused::<2>("geo_line_locate_point"),
    refused::<2>("geo_line_simplify"),
    refused::<2>("geo_line_to_s2cells"),
    refused::<2>("geo_point_buffer"),
    refused::<2>("geo_point_in_circle"),
    refused::<2>("geo_point_in_polygon"),
    refused::<2>("geo_point_to_geohash"),
    refused::<2>("geo_point_to_h3cell"),
    refused::<2>("geo_point_to_s2cell"),
    refused::<2>("geo_polygon_area"),
    refused::<2>("geo_polygon_buffer"),
    refused::<2>("geo_polygon_centroid"),
    refused::<2>("geo_polygon_densify"),
    refused::<2>("geo_polygon_perimeter"),
    refused::<2>("geo_polygon_simplify"),
    refused::<2>("geo_polygon_to_h3cells"),
    refused::<2>("geo_polygon_to_s2cells"),
    refused::<2>("geo_s2cell_neighbors"),
    refused::<2>("geo_s2cell_to_central_point"),
    refused::<2>("geo_s2cell_to_polygon"),
    refused::<2>("geo_simplify_polygons_array"),
    refused::<2>("geo_union_lines_array"),
    refused::<2>("geo_union_polygons_array"),
    refused::<3>("current_cluster_endpoint"),
    refused::<3>("current_database"),
    refused::<3>("current_principal"),
    refused::<3>("current_principal_details"),
    refused::<3>("current_principal_is_member_of"),
    refused::<3>("cursor_after"),
    refused::<3>("cursor_before_or_at"),
    refused::<3>("cursor_current"),
    refused::<3>("datetime_list_timezones"),
    refused::<3>("estimate_data_size"),
    refused::<3>("extent_id"),
    refused::<3>("extent_tags"),
    refused::<3>("ingestion_time"),
    refused::<4>("hash_many"),
    refused::<4>("hash_combine"),
    refused::<5>("convert_angle"),
    refused::<5>("convert_energy"),
    refused::<5>("convert_force"),
    refused::<5>("convert_length"),
    refused::<5>("convert_mass"),
    refused::<5>("convert_speed"),
    refused::<5>("convert_temperature"),
    refused::<5>("convert_volume"),
];

/// Why, by number: a function of the table cannot hold a text of its own.
const REASONS: [&str; 6] = [FORMAT, SKETCH, GEO, SERVICE, CHANGES, UNIT];

const fn refused<const REASON: usize>(name: &'static str) -> Function {
    plain(name, name, (0, 64), |binding| {
        let message = format!("{}() is not supported", binding.name);
        let reason = REASONS.get(REASON).copied().unwrap_or_default();
        Err(KqlError::unsupported(binding.span, message).help(reason))
    })
}
