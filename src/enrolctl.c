/*
 * enrolctl: the sysadmin's tool. Arguments and exit codes are src/ctl's.
 */
#include "ctl/ctl.h"

int main(int argc, char **argv)
{
	return (int)ctl_main(argc, argv);
}
