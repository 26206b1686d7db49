/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One object on an OpenObserve server (a function, a dashboard, an alert, …), made to be as it should
 * be: found by its name, then made, changed or left alone. Doing it again changes nothing.
 */
#ifndef FLOWPROBE_OBJECT_H
#define FLOWPROBE_OBJECT_H

#include "provision/o2_api.h"

#define OBJECT_PATH_BYTES 512
#define OBJECT_ID_BYTES 128

/*
 * How a kind of object is dealt with. Paths have {org}, {folder}, {id} (the object's), {hash} (of the
 * version that is replaced) in them.
 */
struct object_kind {
	const char *title; /* what people call it */
	const char *name_member; /* of its JSON, and of an item of the list */
	const char *list_path;
	const char *list_member; /* of the answer that has the list; NULL: it is the answer */
	const char *id_member; /* of an item of the list; NULL: its name */
	const char *get_path; /* NULL: an item of the list has it all */
	const char *get_member; /* of the answer that has the object; NULL: it is the answer */
	const char *create_path;
	const char *update_path; /* NULL: cannot be changed, and need not */
	const char *update_members[3]; /* that the body must have as the list has them; NULL: end */
	const char *delete_path;
};

extern const struct object_kind object_function;
extern const struct object_kind object_pipeline;
extern const struct object_kind object_dashboard_folder;
extern const struct object_kind object_alert_folder;
extern const struct object_kind object_dashboard;
extern const struct object_kind object_template;
extern const struct object_kind object_destination;
extern const struct object_kind object_alert;

/* Where it belongs. */
struct object_place {
	const char *organization;
	const char *folder_id; /* NULL: none */
};

enum object_outcome {
	OBJECT_CREATED,
	OBJECT_UPDATED,
	OBJECT_UNCHANGED,
	OBJECT_DELETED,
	OBJECT_ABSENT, /* was not there to be deleted */
	OBJECT_IN_USE, /* by something else, so it was not deleted */
	OBJECT_FAILED,
};

struct object_result {
	enum object_outcome outcome;
	enum o2_verdict verdict; /* on the call that failed */
	char id[OBJECT_ID_BYTES]; /* of the object; "" if it is not there */
	char message[O2_MESSAGE_BYTES]; /* why it failed, or what uses it */
};

/* All objects of a kind in a place, as they were when they were asked for. */
struct object_set {
	const struct o2_api *api;
	const struct object_kind *kind;
	struct object_place place;
	struct o2_reply reply; /* that has them */
	const struct json_value *list;
};

/* Asks for them. 0, or -1 with the failure in result. The set is to be closed in any case. */
int object_set_open(struct object_set *set, const struct o2_api *api,
		    const struct object_kind *kind, const struct object_place *place,
		    struct object_result *result);
void object_set_close(struct object_set *set);

/* The one of that name, or NULL. */
const struct json_value *object_find(const struct object_set *set, const char *name);

/* Looks whether it is there: OBJECT_UNCHANGED and its id, OBJECT_ABSENT, or OBJECT_FAILED. */
void object_look(const struct object_set *set, const char *name, struct object_result *result);

/*
 * Makes the object what body (JSON with its name) says. With dry_run nothing is changed, and the
 * outcome is what would be.
 */
void object_ensure(const struct object_set *set, const char *body, int dry_run,
		   struct object_result *result);

/* Removes the object of that name. */
void object_delete(const struct object_set *set, const char *name, int dry_run,
		   struct object_result *result);

/* The name in an object's JSON, to be freed. NULL: there is none. */
char *object_name(const struct object_kind *kind, const char *body);

/* Fills in a path of the kind. id and hash may be NULL, if it has none. */
void object_path(char path[static OBJECT_PATH_BYTES], const char *pattern,
		 const struct object_place *place, const char *id, const char *hash);

/* Makes the result a failure: that of the reply, or one of our own. */
void object_fail(struct object_result *result, const struct o2_reply *reply);
void object_fail_locally(struct object_result *result, const char *message);

#endif
