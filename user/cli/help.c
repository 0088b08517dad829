// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "cli/help.h"

enum { OPTION_WIDTH = 30, LINE_WIDTH = 100 };

/* Writes @text in lines of at most LINE_WIDTH, each but the first behind @indent spaces. */
static void help_wrap(FILE *out, const char *text, int indent)
{
	int column = indent;

	while (*text) {
		size_t word = strcspn(text, " \n");

		if (column > indent && column + 1 + (int)word > LINE_WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', out);
			column++;
		}
		fwrite(text, 1, word, out);
		column += (int)word;
		text += word;
		if (!strncmp(text, "\n\n", 2)) {
			fprintf(out, "\n\n%*s", indent, "");
			column = indent;
		}
		text += strspn(text, " \n");
	}
	fputc('\n', out);
}

static void option_names(char *buffer, size_t size, const struct option_spec *spec)
{
	int used = spec->letter ? snprintf(buffer, size, "-%c, ", spec->letter) :
				  snprintf(buffer, size, "    ");

	if (!spec->arg)
		snprintf(buffer + used, size - (size_t)used, "--%s", spec->name);
	else if (spec->optional_arg)
		snprintf(buffer + used, size - (size_t)used, "--%s[=%s]", spec->name, spec->arg);
	else
		snprintf(buffer + used, size - (size_t)used, "--%s %s", spec->name, spec->arg);
}

static void help_options(FILE *out, const struct command *command)
{
	for (const struct option_group *group = command->groups; group && group->specs; group++) {
		fprintf(out, "\n%s:\n", group->title);
		for (size_t i = 0; i < group->count; i++) {
			char names[64];

			option_names(names, sizeof(names), &group->specs[i]);
			fprintf(out, "  %-*s", OPTION_WIDTH - 2, names);
			if (strlen(names) > OPTION_WIDTH - 3)
				fprintf(out, "\n%*s", OPTION_WIDTH, "");
			help_wrap(out, group->specs[i].help, OPTION_WIDTH);
		}
	}
}

static void help_list(FILE *out, const struct command *const *commands)
{
	for (; *commands; commands++) {
		fprintf(out, "  %-14s", (*commands)->name);
		help_wrap(out, (*commands)->summary, 16);
	}
}

void help_print_command(FILE *out, const struct command *command)
{
	char title[COMMAND_TITLE_LEN];

	fprintf(out, "Usage: ephemport %s%s%s%s\n\n", command_title(title, command),
		command->groups ? " [OPTION]..." : "", *command->args ? " " : "", command->args);
	help_wrap(out, command->description ? command->description : command->summary, 0);
	if (command->subcommands) {
		fputs("\nCommands:\n", out);
		help_list(out, command->subcommands);
	}
	help_options(out, command);
	if (command->examples)
		fprintf(out, "\nExamples:\n%s", command->examples);
}

void help_print_program(FILE *out, const struct command *const *commands)
{
	fputs("Usage: ephemport COMMAND [OPTION]...\n\n"
	      "Shows how Linux picks ephemeral (source) ports: each pick, its cost, its failure, and the\n"
	      "range behind it.\n\nCommands:\n",
	      out);
	help_list(out, commands);
	fputs("\n'ephemport COMMAND --help' tells more of one. Data is on stdout, all else on stderr.\n"
	      "Exit status: 0 done, 1 error, 2 wrong usage, 3 this kernel or these privileges cannot do\n"
	      "it, 4 the answer is no; run: 99 a --fail expression held, else the command's own.\n",
	      out);
}

/* In man(7) a backslash, a leading dot or quote, and a hyphen of an option need an escape. */
static void man_text(FILE *out, const char *text)
{
	bool line_start = true;

	for (; *text; text++) {
		if (!strncmp(text, "\n\n", 2)) {
			fputs("\n.PP\n", out);
			text++;
			line_start = true;
			continue;
		}
		if (line_start && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
		line_start = *text == '\n';
	}
	fputc('\n', out);
}

static void man_command(FILE *out, const struct command *command, const char *prefix)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? " " : "", command->name);
	fprintf(out, ".SS ephemport %s %s\n", name, command->args);
	man_text(out, command->description ? command->description : command->summary);
	for (const struct option_group *group = command->groups; group && group->specs; group++) {
		fprintf(out, ".PP\n%s:\n", group->title);
		for (size_t i = 0; i < group->count; i++) {
			char names[64];

			option_names(names, sizeof(names), &group->specs[i]);
			fputs(".TP\n", out);
			man_text(out, names + strspn(names, " "));
			man_text(out, group->specs[i].help);
		}
	}
	if (command->examples) {
		fputs(".PP\nExamples:\n.PP\n.nf\n", out);
		man_text(out, command->examples);
		fputs(".fi\n", out);
	}
	for (const struct command *const *sub = command->subcommands; sub && *sub; sub++)
		man_command(out, *sub, name);
}

void help_print_man(FILE *out, const struct command *const *commands)
{
	fputs(".TH EPHEMPORT 8\n.SH NAME\nephemport \\- show how Linux picks ephemeral (source) "
	      "ports\n.SH SYNOPSIS\n.B ephemport\n.I COMMAND\n[\\fIOPTION\\fR]...\n.SH DESCRIPTION\n",
	      out);
	man_text(
		out,
		"ephemport traces each search of the kernel for a free local port, with the port "
		"chosen, the range in force, the time inside the search and the errno where it "
		"failed; it holds the ports against the configured range, and changes that range.\n\n"
		"Data goes to stdout, everything else to stderr. Durations take ns, us, ms, s or m. "
		"A range is written 49152-65535, '49152 65535' or 'start=49152 num=16384'.");
	fputs(".SH COMMANDS\n", out);
	for (; *commands; commands++)
		man_command(out, *commands, "");
	fputs(".SH EXIT STATUS\n", out);
	man_text(out,
		 "0 done; 1 error; 2 wrong usage (nothing was started or changed); 3 this kernel "
		 "or these privileges cannot do it (the message names what is missing); 4 the "
		 "answer is no (verify, check, diff \\-\\-fail); 99 a \\-\\-fail expression held. "
		 "A signal that ends a trace is a normal end.");
	fputs(".SH SEE ALSO\nip(7), tcp(7), udp(7), ss(8), bpftool(8)\n", out);
}

static void bash_options(FILE *out, const struct command *command)
{
	for (const struct option_group *group = command->groups; group && group->specs; group++)
		for (size_t i = 0; i < group->count; i++)
			fprintf(out, "--%s ", group->specs[i].name);
	for (const struct command *const *sub = command->subcommands; sub && *sub; sub++)
		fprintf(out, "%s ", (*sub)->name);
	fputs("--help", out);
}

void help_print_bash(FILE *out, const struct command *const *commands)
{
	fputs("# bash completion for ephemport; made by 'ephemport help --bash'\n"
	      "_ephemport()\n{\n\tlocal words\n"
	      "\tcase \"${COMP_CWORD}:${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n\t1:*) words=\"",
	      out);
	for (const struct command *const *command = commands; *command; command++)
		fprintf(out, "%s ", (*command)->name);
	fputs("\" ;;\n", out);
	for (; *commands; commands++) {
		const struct command *const *sub = (*commands)->subcommands;

		for (; sub && *sub; sub++) {
			fprintf(out, "\t*:\"%s %s\"*) words=\"", (*commands)->name, (*sub)->name);
			bash_options(out, *sub);
			fputs("\" ;;\n", out);
		}
		fprintf(out, "\t*:\"%s \"*) words=\"", (*commands)->name);
		bash_options(out, *commands);
		fputs("\" ;;\n", out);
	}
	fputs("\tesac\n\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- "
	      "\"${COMP_WORDS[COMP_CWORD]}\")\n}\ncomplete -o default -F _ephemport ephemport\n",
	      out);
}
