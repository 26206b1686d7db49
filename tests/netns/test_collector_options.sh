#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What collectors make of everything beside plain flows: the sampling rate, the names of interfaces while they change,
# conversations in one record, our own elements.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
. "$HERE/collectors.sh"
need ping

sampled_traffic() {
	on a "$INJECT" a0 --flows 20 --count 2000 --dport 6000
	on b "$INJECT" b0 --flows 20 --count 2000 --dport 6001
	on b "$INJECT" b0 --flows 20 --count 2000 --dport 6002 --ipv6
} >/dev/null

test_sampling() {
	capture_start sampled
	nfcapds start sampled
	nfacctd_start acct 9911
	probe a sampled -i a0 --sampling 10 --export "ipfix:udp://$MANAGEMENT:9910" --export "ipfix:udp://[$MANAGEMENT6]:9911" \
		--export "netflow9:udp://$MANAGEMENT:9909" --export "netflow5:udp://$MANAGEMENT:9905"
	sampled_traffic
	stop_probe "$PROBE_PID"
	all_accounted sampled
	nfcapds stop sampled
	nfacctd_stop acct "$(flows sampled sum:packets)"
	capture_stop sampled
	dissect sampled 9910 9911 9909 9905
	check sampled.9910 --pcap "$WORK/sampled.pcap" --port 9910 --max-message 1452
	check sampled.9911 --pcap "$WORK/sampled.pcap" --port 9911 --max-message 1452
	same "rate in JSON" "$(flows sampled set:sampling_rate)" 10
	# nfcapd multiplies when it stores.
	compared same "$WORK/sampled.json" "nfdump-ipfix*10=$WORK/sampled.nf10" "nfdump-v9*10=$WORK/sampled.nf9" \
		"nfdump-v5*10=$WORK/sampled.nf5" "nfacctd=$WORK/acct.records" "tshark-v5=$WORK/sampled.tshark,9905"
	same "nfacctd" "$(grep -o '"sampling_rate": [0-9]*' "$WORK/acct.records" | sort -u)" '"sampling_rate": 10'
	same "all that tshark shows of it" \
		"$(sed -n 's/.*"cflow.\(samp[a-z_]*\|selector_algorithm\)": "\(.*\)".*/\1=\2/p' "$WORK/sampled.tshark" | sort -u | tr '\n' ' ')" \
		"samplerate=10 sampling_algorithm=2 sampling_interval=10 sampling_probability=0.1 samplingmode=2 selector_algorithm=4 "
}

# told NAME: the interfaces and flows that messages speak of, in their order
told() {
	"$HERE/collectors.py" told "$@"
}

flow_is_out() { # PORT: one flow, and its record
	on b "$INJECT" b0 --dport "$1" >/dev/null
	wait_until 10 grep -q "\"dst_port\":$1," "$WORK/names.json"
}

test_interface_names() {
	local everything

	on a ip link add d0 type veth peer name d1
	everything=$(on a ip -j link | python3 -c '
import json, sys
print(*("{0},{0}".format(link["ifname"]) for link in sorted(json.load(sys.stdin), key=lambda link: link["ifindex"])))')
	capture_start names
	nfcapd_start names.nf10 9910
	nfcapd_start names.nf9 9909
	probe a names -i a0 --idle-timeout 1s --harvest-interval 200ms \
		--export "ipfix:udp://$MANAGEMENT:9910" --export "netflow9:udp://$MANAGEMENT:9909"
	flow_is_out 1
	on a ip link set d0 name renamed
	flow_is_out 2
	on a ip link set renamed up # or the kernel tells nobody of the alias
	on a ip link set renamed alias "to the office"
	flow_is_out 3
	on a ip link delete d1 # and its peer
	flow_is_out 4
	stop_probe "$PROBE_PID"
	nfcapd_stop names.nf10 9910
	nfcapd_stop names.nf9 9909
	capture_stop names
	dissect names 9910 9909
	same "IPFIX" "$(told "$WORK/names.tshark" 9910)" \
		"$everything $everything 1 renamed,renamed 2 renamed,to_the_office 3 4"
	same "v9" "$(told "$WORK/names.tshark" 9909)" "$(told "$WORK/names.tshark" 9910)"
	same "nfdump" "$(nfdump -q -R "$WORK/names.nf9" -o raw | grep "^  input " | sort -u | awk '{ print $NF }')" a0
}

conversations() {
	on b ping -q -i 0.2 -c 5 10.8.0.1
	on b ping -q -i 0.2 -c 5 fd00:8::1
	tcp_connection 10.8.0.2 5201
	tcp_connection fd00:8::2 5202
	on a "$INJECT" a0 --flows 20 --count 60 --dport 7000 # nobody answers
} >/dev/null

test_biflow() {
	capture_start biflow
	nfcapd_start biflow.nf10 9910
	probe a biflow -i a0 --export "ipfix:udp://$MANAGEMENT:9910?biflow=true&enterprise_number=32473" \
		--export "ipfix:file:$WORK/biflow.file?biflow=true" \
		--export "ipfix:file:$WORK/both.file?biflow=true&enterprise_number=32473" \
		--export "ipfix:file:$WORK/own.file?enterprise_number=32473"
	conversations
	stop_probe "$PROBE_PID"
	all_accounted biflow
	nfcapd_stop biflow.nf10 9910
	capture_stop biflow
	dissect biflow 9910
	payloads biflow 9910
	for name in biflow.9910 biflow.file both.file own.file; do dump "$name"; done
	check biflow.9910 --pcap "$WORK/biflow.pcap" --port 9910 --max-message 1452 --enterprise 32473
	counted biflow.9910
	check biflow.file --stream "$WORK/biflow.file" --templates-once
	check both.file --stream "$WORK/both.file" --templates-once --enterprise 32473
	check own.file --stream "$WORK/own.file" --templates-once --enterprise 32473
	compared same "$WORK/biflow.json" "nfdump-biflow=$WORK/biflow.nf10" "tshark-biflow=$WORK/biflow.tshark,9910" \
		"ipfixdump-biflow-own=$WORK/biflow.9910.text" "ipfixdump-biflow=$WORK/biflow.file.text" \
		"ipfixdump-biflow-own=$WORK/both.file.text" "ipfix_check-biflow-own=$WORK/biflow.9910.records" \
		"ipfix_check-biflow=$WORK/biflow.file.records" "ipfix_check-biflow-own=$WORK/both.file.records"
}

test_biflow_is_one_record() { # of both directions of each conversation, and of flows without an answer
	local conversations

	conversations=$(python3 -c 'import json, sys; print(len({json.loads(line)["community_id"] for line in open(sys.argv[1])}))' "$WORK/biflow.json")
	same "records" "$(nfcapd_said biflow.nf10 | cut -d " " -f 1)" "$conversations"
}

test_own_elements() { # by their names, which were told before they were used
	compared same "$WORK/biflow.json" "ipfixdump-own=$WORK/own.file.text" "ipfix_check-own=$WORK/own.file.records"
}

collectors_topology
run_test "sampling rates" test_sampling
run_test "names of interfaces" test_interface_names
run_test "both directions in one record" test_biflow
run_test "one record for each conversation" test_biflow_is_one_record
run_test "our own elements" test_own_elements
finish
