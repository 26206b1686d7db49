/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An asset as an object on the server: its place, its name, the body of its request; and its way
 * there, which is the same for most of them. */
#ifndef FLOWPROBE_PART_H
#define FLOWPROBE_PART_H

#include "provision/object.h"
#include "provision/setup.h"

/* folder_id may be NULL. */
struct object_place part_place(const struct setup *setup, const char *folder_id);

/* The first asset of the kind; there is one. */
const struct asset *part_asset(enum asset_kind kind);

/* JSON, to be freed. NULL: no memory. */
char *part_body(const struct setup *setup, const struct asset *asset);

/* The name that the object has, to be freed. NULL: no memory. */
char *part_name(const struct setup *setup, const struct object_kind *kind,
		const struct asset *asset);

/* Asks for all of the kind that are in no folder. 0, or -1 with the failure in result. The set is
 * to be closed in any case. */
int part_set_open(const struct setup *setup, const struct object_kind *kind, struct object_set *set,
		  struct object_result *result);

/* Makes the object of the asset, in the set, and says so. result may be NULL. */
enum setup_result part_install_in(const struct setup *setup, const struct object_set *set,
				  const struct asset *asset, struct object_result *result);

/* Asks for the set, and does the same with the first asset of the kind. */
enum setup_result part_install(const struct setup *setup, const struct object_kind *kind,
			       enum asset_kind asset_kind, struct object_result *result);

/* Makes the folder, and all objects of the kind in it. */
enum setup_result part_install_folder(const struct setup *setup,
				      const struct object_kind *folder_kind,
				      const struct object_kind *kind, enum asset_kind asset_kind);

#endif
