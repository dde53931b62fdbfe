// SPDX-License-Identifier: GPL-3.0-or-later
// Opens the bundled sample (or another model) in the real window, does the whole job, and takes a picture of all there is to see on the way: every
// tab without a model, after loading and at the end, menus, dialogs, docks, messages; light and dark, wide and at 1024 x 700; with --scale 2 at twice
// the resolution, with --font 1.5 in larger letters, with --long under names of 120 letters; with --simulate six key screens as people see them who see colours
// otherwise. For people to look at, and for the README.
#include "ColourVision.h"
#include "RestoredPlan.h"
#include "panels/compare/ComparePanel.h"
#include "panels/compare/CompareTable.h"
#include "panels/explain/ExplainPanel.h"
#include "panels/layers/WidthDialog.h"
#include "panels/plan/RestoreCard.h"
#include "panels/plan/RestoreSettings.h"
#include "panels/playground/PlaygroundPanel.h"
#include "panels/prune/PruneCard.h"
#include "panels/search/TransportBar.h"
#include "plots/Plot.h"
#include "theme/SessionBus.h"
#include "theme/Theme.h"
#include "window/Actions.h"
#include "window/CommandPalette.h"
#include "window/Launch.h"
#include "window/MainWindow.h"
#include "window/Tour.h"

#include <QAbstractButton>
#include <QApplication>
#include <QCommandLineParser>
#include <QDir>
#include <QDockWidget>
#include <QElapsedTimer>
#include <QFile>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QMetaEnum>
#include <QTemporaryDir>
#include <QTextStream>

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace secateur;
using namespace secateur::ui;

namespace {

/// Lets the window work until no job is left and everything is drawn.
void settle(const JobRunner &runner)
{
    QElapsedTimer quiet;
    quiet.start();
    while (runner.current() || quiet.elapsed() < 400) {
        QApplication::processEvents(QEventLoop::AllEvents, 20);
        if (runner.current())
            quiet.restart();
    }
}

/// Takes the pictures of one window into one folder.
class Album {
public:
    Album(MainWindow &window, Theme &theme, QDir folder) : m_window(window), m_theme(theme), m_folder(std::move(folder)) {}

    void settle() { ::settle(m_window.workbench().runner); }

    void take(const QString &name)
    {
        settle();
        save(m_window, name);
    }

    /// Of every tab as it is now, in every look and size.
    void takeTabs(const QString &when)
    {
        const QMetaEnum tabs = QMetaEnum::fromType<MainWindow::Tab>();
        inEveryLook([&](const QString &look) {
            for (const QSize size : {QSize(1440, 900), QSize(1024, 700)}) {
                m_window.resize(size);
                for (int i = 0; i < tabs.keyCount(); ++i) {
                    m_window.show(MainWindow::Tab(tabs.value(i)));
                    const QString narrow = size.width() < 1440 ? QStringLiteral("-small") : QString();
                    take(QString::fromLatin1(tabs.key(i)).toLower() + when + look + narrow);
                }
            }
        });
        m_window.resize(1440, 900);
    }

    /// Of one tab as it is now, in every look and size.
    void takePage(MainWindow::Tab tab, const QString &name)
    {
        inEveryLook([&](const QString &look) {
            for (const QSize size : {QSize(1440, 900), QSize(1024, 700)}) {
                m_window.resize(size);
                m_window.show(tab);
                take(name + look + (size.width() < 1440 ? QStringLiteral("-small") : QString()));
            }
        });
        m_window.resize(1440, 900);
    }

    void takeMenus()
    {
        inEveryLook([&](const QString &look) {
            for (QMenu *menu : m_window.menuBar()->findChildren<QMenu *>(Qt::FindDirectChildrenOnly)) {
                menu->popup(m_window.mapToGlobal(QPoint(0, 0)));
                settle();
                save(*menu, QStringLiteral("menu-") + menu->title().remove(QLatin1Char('&')).toLower() + look);
                menu->hide();
            }
            int number = 0;
            for (const Plot *plot : m_window.findChildren<Plot *>()) {
                plot->menu()->popup(m_window.mapToGlobal(QPoint(0, 0)));
                settle();
                save(*plot->menu(), QStringLiteral("menu-plot-%1").arg(number++) + look);
                plot->menu()->hide();
            }
        });
    }

    /// Of what an action opens beside or over the window.
    void takeDialog(QAction *action, const QString &name)
    {
        inEveryLook([&](const QString &look) {
            action->trigger();
            settle();
            for (QWidget *opened : QApplication::topLevelWidgets())
                if (opened != &m_window && opened->isVisible()) {
                    save(*opened, name + look);
                    opened->close();
                }
        });
    }

    /// Of a page as a lecture hall sees it, in every look.
    void takePresentation(MainWindow::Tab tab, const QString &name)
    {
        m_window.show(tab);
        const QSize before = m_window.size();
        m_window.presentMode().enter();
        m_window.resize(1920, 1080);
        settle();
        m_window.presentMode().setSpotlight(true);
        inEveryLook([&](const QString &look) { take(name + look); });
        m_window.presentMode().leave();
        settle();
        m_window.resize(before);
    }

    void takeDocks()
    {
        inEveryLook([&](const QString &look) {
            for (QDockWidget *dock : m_window.findChildren<QDockWidget *>()) {
                dock->show();
                dock->raise();
                take(QStringLiteral("dock-") + dock->objectName() + look);
            }
            for (QDockWidget *dock : m_window.findChildren<QDockWidget *>())
                dock->hide();
        });
    }

    void takeTables(MainWindow::Tab tab, const QString &name)
    {
        m_window.show(tab);
        settle();
        QList<Plot *> plots;
        for (Plot *plot : m_window.findChildren<Plot *>())
            if (plot->isVisible())
                plots << plot;
        for (Plot *plot : plots)
            plot->setTableShown(true);
        inEveryLook([&](const QString &look) { take(name + look); });
        for (Plot *plot : plots)
            plot->setTableShown(false);
    }

    /// Six key screens through other eyes, and without colours.
    void takeSimulations()
    {
        using Tab = MainWindow::Tab;
        const QMetaEnum tabs = QMetaEnum::fromType<Tab>();
        inEveryLook([&](const QString &look) {
            for (const Tab tab : {Tab::Model, Tab::Importance, Tab::Attention, Tab::Balance, Tab::Evaluation, Tab::Export}) {
                m_window.show(tab);
                settle();
                const QImage picture = m_window.grab().toImage();
                for (const auto &[name, vision] :
                     {std::pair("protanopia", Vision::Protanopia), std::pair("deuteranopia", Vision::Deuteranopia),
                      std::pair("tritanopia", Vision::Tritanopia), std::pair("grey", Vision::Greyscale)})
                    seen(picture, vision)
                        .save(m_folder.filePath(
                            QStringLiteral("%1%2-%3.png")
                                .arg(QString::fromLatin1(tabs.valueToKey(int(tab))).toLower(), look, QLatin1String(name))));
            }
        });
    }

    template <class Take>
    void inEveryLook(const Take &take)
    {
        for (const bool isDark : {false, true}) {
            m_theme.setMode(isDark ? Theme::Mode::Dark : Theme::Mode::Light);
            settle();
            take(isDark ? QStringLiteral("-dark") : QStringLiteral("-light"));
        }
        m_theme.setMode(Theme::Mode::Light);
    }

    void saveDialog(QWidget &dialog, const QString &name) { save(dialog, name); }

private:
    void save(QWidget &widget, const QString &name) { widget.grab().save(m_folder.filePath(name + QStringLiteral(".png"))); }

    MainWindow &m_window;
    Theme &m_theme;
    QDir m_folder;
};

/// Pins plans of every size until there are 60, each with a perplexity that was made up.
void pinMany(const Workbench &bench)
{
    constexpr int kPlans = 60;
    const PlanDraft before = bench.session.draft();
    for (int i = int(bench.session.session().pinned.size()); i < kPlans; ++i) {
        const double sparsity = 0.1 + 0.009 * i;
        bench.editor.setSparsity(sparsity);
        bench.editor.setAttentionsToRemove(0); // nothing is to be searched
        const Session &session = bench.session.session();
        if (!bench.session.balance() || session.measurements.empty())
            continue;
        bench.editor.pin({});
        Measurement record = session.measurements.back();
        record.planHash = planOf(session, session.draft).hash();
        record.draft = session.draft;
        record.neuronsKept = bench.session.neuronsKept();
        record.removed = bench.session.removalOrder();
        record.result.perplexity = 160 * std::exp(1.5 * sparsity);
        bench.session.addMeasurement(record);
    }
    bench.editor.useDraft(before, QStringLiteral("-"));
}

/// Texts and a score that were made up, in both modes of the playground.
void takePlayground(Album &album, MainWindow &window)
{
    const Session &session = window.workbench().session.session();
    auto *panel = window.findChild<PlaygroundPanel *>();
    if (!session.draft.hasNeurons())
        return;
    PlaygroundRun run{.models = {std::nullopt, session.draft}, .hashes = {"", planOf(session, session.draft).hash()}};
    if (!session.pinned.empty()) {
        run.models.emplace_back(session.pinned.front().draft);
        run.hashes.push_back(planOf(session, session.pinned.front().draft).hash());
    }
    const std::vector<std::string> words = {" pruned", " an",   " old",  " pear", " tree",  " every", " winter", ",",       " and",
                                            " the",    " tree", " bore", " more", " fruit", " than",  " ever",   " before", "."};
    emit window.workbench().jobs.writingBegan(run);
    std::vector<Generation> texts(run.models.size());
    for (std::size_t i = 0; i < 3 * words.size(); ++i)
        for (std::size_t model = 0; model < run.models.size(); ++model) {
            const std::size_t word = (i >= 7 + 2 * model ? i + model : i) % words.size();
            texts[model].ids.push_back(std::int32_t(word));
            texts[model].text += words[word];
            emit window.workbench().jobs.tokenWritten({model, std::int32_t(word), words[word]});
        }
    for (std::size_t model = 0; model < texts.size(); ++model)
        texts[model].tokensPerSecond = 41.5 + double(model);
    emit window.workbench().jobs.textsWritten(texts);
    album.takePage(MainWindow::Tab::Playground, QStringLiteral("playground-write"));

    ScoredRun scored{.run = run, .text = "There was a gardener who", .used = 0, .scored = {}};
    scored.scored.models.resize(run.models.size());
    scored.scored.pieces = {"There", " was", " a", " gardener", " who"};
    for (int i = 0; i < 4; ++i)
        for (const std::string &word : words) {
            scored.scored.pieces.push_back(word);
            scored.text += word;
        }
    scored.used = scored.text.size();
    scored.text += " What follows does not fit into the context of the model.";
    for (std::size_t token = 0; token < scored.scored.pieces.size(); ++token) {
        scored.scored.ids.push_back(std::int32_t(token));
        for (std::size_t model = 0; model < run.models.size(); ++model) {
            ScoredToken &made = scored.scored.models[model].emplace_back();
            made.loss = token == 0 ? std::nan("") : 2 + std::sin(double(token)) + double(model) * std::sin(1.7 * double(token));
            if (token > 0)
                made.likeliest = {{.id = 1, .text = " tree", .probability = 0.31},
                                  {.id = 2, .text = " wall", .probability = 0.12},
                                  {.id = 3, .text = "\n", .probability = 0.02}};
        }
    }
    panel->setMode(int(PlaygroundPanel::Mode::Score));
    emit window.workbench().jobs.textScored(scored);
    album.takePage(MainWindow::Tab::Playground, QStringLiteral("playground-score"));
    panel->setMode(int(PlaygroundPanel::Mode::Write));
}

/// The page Compare with two plans side by side, while the table is asked for, and with 60 plans.
void takeComparisons(Album &album, MainWindow &window)
{
    const auto *panel = window.findChild<ComparePanel *>();
    window.show(MainWindow::Tab::Compare);
    album.settle();
    panel->table().select({1, 2});
    album.takePage(MainWindow::Tab::Compare, QStringLiteral("compare-two"));
    panel->table().select({});
    for (QAbstractButton *button : panel->findChildren<QAbstractButton *>())
        if (button->isCheckable() && button->text() == ComparePanel::tr("Measure the table…")) {
            button->click();
            album.takePage(MainWindow::Tab::Compare, QStringLiteral("compare-measure"));
            button->click();
        }
    pinMany(window.workbench());
    album.takePage(MainWindow::Tab::Compare, QStringLiteral("compare-60"));
}

/// The page Balance while restoring is asked for, when the current plan was restored, and with the restored plan; and the dialog for a width. What the
/// restoration gained is made up.
void takeRestorations(Album &album, MainWindow &window)
{
    const Workbench &bench = window.workbench();
    const PlanDraft before = bench.session.draft();
    window.show(MainWindow::Tab::Balance);
    album.settle();
    for (QAbstractButton *button : window.findChildren<QAbstractButton *>())
        if (button->text() == RestoreCard::tr("Restore this plan") || button->text() == RestoreSettings::tr("Chosen steps"))
            button->click();
    album.takePage(MainWindow::Tab::Balance, QStringLiteral("balance-restore"));
    const ShelfEntry entry = restoreCurrent(bench.session, true);
    album.takePage(MainWindow::Tab::Balance, QStringLiteral("balance-restored-before"));
    bench.editor.useDraft(draftOf(bench.session.session(), entry), QStringLiteral("-"));
    album.takePage(MainWindow::Tab::Balance, QStringLiteral("balance-restored"));
    bench.editor.useDraft(before, QStringLiteral("-"));
    album.inEveryLook([&](const QString &look) {
        WidthDialog dialog(bench, std::max<qint64>(0, bench.selection.selectedLayer()), &window);
        dialog.setAttribute(Qt::WA_DeleteOnClose, false);
        dialog.show();
        album.settle();
        album.saveDialog(dialog, QStringLiteral("dialog-width") + look);
    });
}

/// The cards: beside the page, below it in a small window, and one of each group.
void takeCards(Album &album, MainWindow &window)
{
    auto *panel = window.findChild<ExplainPanel *>();
    auto *dock = window.findChild<QDockWidget *>(QStringLiteral("explain"));
    dock->show();
    for (const ConceptId id : {ConceptId::BalanceRule, ConceptId::GreedyStep, ConceptId::Parameters, ConceptId::ExportTargets,
                               ConceptId::Signs, ConceptId::EvoPress, ConceptId::Refit}) {
        panel->showConcept(id);
        album.takePage(MainWindow::Tab::Attention, QStringLiteral("explain-") + QLatin1String(nameOf(id)));
    }
    dock->hide();
}

/// The replay half-way through a step, at its question, and after the answer.
void takeReplay(Album &album, MainWindow &window)
{
    window.show(MainWindow::Tab::Attention);
    album.settle();
    auto *transport = window.findChild<TransportBar *>();
    transport->setDepth(ReplayDepth::Candidates);
    transport->play();
    transport->pause();
    for (qint64 i = 0; i < window.workbench().session.layerCount() / 2; ++i)
        transport->goForward();
    album.takePage(MainWindow::Tab::Attention, QStringLiteral("replay-candidates"));
    transport->setDepth(ReplayDepth::Predict);
    album.takePage(MainWindow::Tab::Attention, QStringLiteral("replay-question"));
    transport->goForward();
    album.takePage(MainWindow::Tab::Attention, QStringLiteral("replay-answer"));
    transport->setDepth(ReplayDepth::Steps);
    window.workbench().selection.setStep(-1);
}

/// A copy of a folder's files under a name that fits nowhere.
QString underLongName(const QString &folder, const QString &to)
{
    const QString path = to + QStringLiteral("/Qwen2.5-Extraordinarily-Long-Name-Of-A-Model-That-Somebody-Merged-") +
                         QString(44, QLatin1Char('x')) + QStringLiteral("-ablated");
    QDir().mkpath(path);
    for (const QFileInfo &file : QDir(folder).entryInfoList(QDir::Files))
        QFile::copy(file.filePath(), path + QLatin1Char('/') + file.fileName());
    return path;
}

} // namespace

int main(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; ++i) // before the application exists
        if (std::strcmp(argv[i], "--scale") == 0)
            qputenv("QT_SCALE_FACTOR", argv[i + 1]);
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("secateur"));
    QApplication::setApplicationVersion(QStringLiteral(SECATEUR_VERSION));
    QCommandLineParser parser;
    parser.addHelpOption();
    parser.addPositionalArgument(QStringLiteral("folder"), QStringLiteral("Where the pictures go."));
    const QCommandLineOption scale(QStringLiteral("scale"), QStringLiteral("Device pixels per pixel."), QStringLiteral("n"),
                                   QStringLiteral("1"));
    const QCommandLineOption font(QStringLiteral("font"), QStringLiteral("Letters this many times as large."), QStringLiteral("n"),
                                  QStringLiteral("1"));
    const QCommandLineOption isLong(QStringLiteral("long"), QStringLiteral("The sample under a name of 120 letters."));
    const QCommandLineOption isSimulated(QStringLiteral("simulate"), QStringLiteral("Also as people see it who see colours otherwise."));
    const QCommandLineOption hasContrast(QStringLiteral("high-contrast"), QStringLiteral("In high contrast."));
    const QCommandLineOption isMirrored(QStringLiteral("mirrored"), QStringLiteral("Laid out from right to left."));
    const QCommandLineOption model(QStringLiteral("model"), QStringLiteral("Another model than the sample."), QStringLiteral("folder"));
    const QCommandLineOption windows(QStringLiteral("windows"), QStringLiteral("Calibration windows."), QStringLiteral("n"),
                                     QStringLiteral("8"));
    parser.addOptions({scale, font, isLong, isMirrored, isSimulated, hasContrast, model, windows});
    parser.process(application);
    if (parser.positionalArguments().isEmpty())
        parser.showHelp(2);
    const QDir folder(parser.positionalArguments().constFirst());
    if (!folder.mkpath(QStringLiteral("."))) {
        QTextStream(stderr) << "The folder '" << folder.path() << "' cannot be made.\n";
        return 1;
    }
    QFont letters = QApplication::font();
    letters.setPointSizeF(letters.pointSizeF() * parser.value(font).toDouble());
    QApplication::setFont(letters);
    if (parser.isSet(isMirrored))
        QApplication::setLayoutDirection(Qt::RightToLeft);

    const QTemporaryDir state;
    Launch launch = usualLaunch();
    launch.stateFolder = state.path().toStdString();
    SessionBus nowhere{QString()}; // no desktop changes the look meanwhile
    Theme theme(nowhere);
    theme.setMode(Theme::Mode::Light);
    MainWindow window(launch, theme, nowhere);
    theme.setMode(Theme::Mode::Light);
    theme.setHighContrast(parser.isSet(hasContrast));
    const Workbench &bench = window.workbench();
    Actions &actions = window.actionsOfWindow();
    Album album(window, theme, folder);
    window.resize(1440, 900);
    window.show();
    album.take(QStringLiteral("start"));
    album.takeTabs(QStringLiteral("-empty"));
    window.open(folder.path()); // no model: a complaint
    album.settle();
    album.inEveryLook([&](const QString &look) { album.take(QStringLiteral("refused") + look); });

    const Sample sample{launch.sample};
    if (parser.isSet(model))
        window.open(parser.value(model));
    else if (parser.isSet(isLong))
        window.open(underLongName(sample.model(), state.path()));
    else
        window.openSample();
    album.settle();
    TextSettings calibration{.files = {sample.calibrationText().toStdString()},
                             .windows = parser.value(windows).toLongLong(),
                             .length = std::min<std::int64_t>(512, bench.session.spec().contextLength),
                             .seed = 0};
    TextSettings evaluation = calibration;
    evaluation.files = {sample.evaluationText().toStdString()};
    bench.session.setDraftAndTexts(bench.session.draft(), calibration, evaluation, ScoreNorm::L2);
    album.takeTabs(QStringLiteral("-loaded"));
    album.takeDialog(actions.prune, QStringLiteral("dialog-prune"));

    bench.jobs.measureImpact(); // first: the view of attentions shows what was computed last
    album.settle();
    window.show(MainWindow::Tab::Attention);
    album.take(QStringLiteral("attention-impact"));
    bench.jobs.calibrate();
    album.settle();
    album.inEveryLook([&](const QString &look) { // what has no result yet, and what needs none
        window.show(MainWindow::Tab::Attention);
        album.take(QStringLiteral("attention-not-searched") + look);
        bench.editor.setAttentionsToRemove(0);
        album.take(QStringLiteral("attention-nothing-to-search") + look);
        bench.editor.setAttentionsToRemove({});
    });
    for (const double sparsity : {0.25, 0.5, 0.375}) {
        bench.editor.setSparsity(sparsity);
        bench.jobs.evaluate();
        album.settle();
        bench.editor.pin({});
    }
    bench.selection.setSelectedLayer(bench.session.removalOrder().empty() ? 0 : bench.session.removalOrder().front());
    bench.jobs.exportPlan({.format = "hf-dropin",
                           .output = (state.path() + QStringLiteral("/pruned")).toStdString(),
                           .isOverwriteAllowed = false,
                           .dtype = {},
                           .command = {}});
    album.settle();
    for (const Message &message : std::vector<Message>(bench.messages.current()))
        bench.messages.dismiss(message.topic); // they go by themselves, a little later
    album.takeTabs({});
    if (parser.isSet(isSimulated))
        album.takeSimulations();

    album.takeTables(MainWindow::Tab::Importance, QStringLiteral("importance-tables"));
    album.takeTables(MainWindow::Tab::Attention, QStringLiteral("attention-tables"));
    album.takeDocks();
    takeCards(album, window);
    takeReplay(album, window);
    album.takeMenus();
    album.takeDialog(actions.palette, QStringLiteral("dialog-palette"));
    album.takeDialog(actions.shortcuts, QStringLiteral("dialog-shortcuts"));
    album.takeDialog(actions.about, QStringLiteral("dialog-about"));
    album.takeDialog(actions.guide, QStringLiteral("dialog-guide"));
    album.takePresentation(MainWindow::Tab::Importance, QStringLiteral("present-importance"));
    album.takePresentation(MainWindow::Tab::Attention, QStringLiteral("present-attention"));
    actions.tour->trigger();
    album.inEveryLook([&](const QString &look) { album.take(QStringLiteral("tour") + look); });
    window.tour().leave();

    bench.editor.setNeuronsKept(bench.session.neuronsKept() - 100); // what was measured belongs to another plan now
    album.takeTabs(QStringLiteral("-outdated"));
    bench.editor.setNeuronsKept({});

    actions.prune->trigger(); // the whole of "Prune…"
    auto *card = window.findChild<PruneCard *>();
    if (auto *output = card->window()->findChild<QLineEdit *>(QStringLiteral("folder")))
        output->setText(state.path() + QStringLiteral("/pruned-in-one-go"));
    for (QAbstractButton *button : card->findChildren<QAbstractButton *>())
        if (button->isVisible() && button->text() == PruneCard::tr("Prune"))
            button->click();
    QApplication::processEvents(QEventLoop::AllEvents, 200);
    card->window()->grab().save(folder.filePath(QStringLiteral("dialog-prune-running.png")));
    album.settle();
    album.inEveryLook([&](const QString &look) {
        card->window()->grab().save(folder.filePath(QStringLiteral("dialog-prune-result") + look + QStringLiteral(".png")));
    });
    card->window()->close();
    takeRestorations(album, window);
    takePlayground(album, window);
    takeComparisons(album, window); // last: it leaves many plans
    return 0;
}
