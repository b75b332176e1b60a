#pragma once

#include <bioxen/capacity.hpp>
#include <bioxen/cellular_context.hpp>
#include <bioxen/chassis.hpp>
#include <bioxen/clock.hpp>
#include <bioxen/environment.hpp>
#include <bioxen/error.hpp>
#include <bioxen/genome.hpp>
#include <bioxen/hypervisor.hpp>
#include <bioxen/ids.hpp>
#include <bioxen/ledger.hpp>
#include <bioxen/organism.hpp>
#include <bioxen/program.hpp>
#include <bioxen/species.hpp>
#include <bioxen/trace.hpp>
#include <bioxen/turnstile.hpp>
#include <bioxen/version.hpp>
