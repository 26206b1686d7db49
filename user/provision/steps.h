/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Steps of setup_install that are more than making what is missing. */
#ifndef FLOWPROBE_STEPS_H
#define FLOWPROBE_STEPS_H

#include "provision/object.h"
#include "provision/setup.h"

/* The function that adds places to records, and the pipeline that leads them through it. */
enum setup_result steps_install_geo(const struct setup *setup);

/* The alerts, and whom they tell. */
enum setup_result steps_install_alerts(const struct setup *setup);

/* Of the destination that we name. */
enum destination_owner {
	DESTINATION_NOBODY, /* it is not there */
	DESTINATION_OURS, /* it uses our template */
	DESTINATION_OTHERS,
};

enum destination_owner steps_destination_owner(const struct setup *setup,
					       const struct object_set *destinations);

#endif
